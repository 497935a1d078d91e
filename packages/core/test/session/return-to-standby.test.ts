import { expect, it } from 'vitest';
import { service } from '../support/declare.ts';
import { type Config, playground } from '../support/playground.ts';
import { everything } from '../support/rolling-out.ts';

// The old source is deployed again while its revision is still kept: a way back by deploying, not by rollback.

const gradual = { gradual: { step: 20, hold: '10m' }, validation: '10m', switch: 'manual', keepOld: true };
const canary = {
  steps: [
    { weight: 10, hold: '10m' },
    { weight: 50, pause: true },
  ],
  keepOld: true,
  bake: '10m',
};

async function shop(strategy: Config, more: Config = {}) {
  const play = await playground({ memory: { publish: true } });
  const config = (one: Config): Config => ({
    services: { web: service('web', 4000, { instances: 3, strategy: one, ...more }) },
  });
  const at = async (source: string, one = strategy) => {
    await play.file('web/x', source);
    await play.config(config(one));
  };
  // The first two come in without waiting.
  const quick = { 'blue-green': { keepOld: true } };
  await at('1', quick);
  expect((await play.deploy()).status).toBe('completed');
  const [first] = Object.keys(play.cluster.routes.web!);
  await at('2', quick);
  expect((await play.deploy()).status).toBe('completed');
  const [second] = Object.keys(play.cluster.routes.web!);
  return { play, at, first: first!, second: second! };
}

it.each([
  ['canary', { canary }],
  ['blue-green in steps', { 'blue-green': gradual }],
  ['rolling', { rolling: { batch: 1, pause: '10m' } }],
])('it goes directly, whatever %s says', async (_, strategy) => {
  const { play, at, first } = await shop(strategy as Config);
  await at('1');
  const plan = await play.plan();
  const actions = plan.steps.map(({ action }) => action);
  expect(actions.slice(0, 4)).toEqual(['stage', 'probe', 'switch', 'verify']);
  expect(actions.filter((one) => ['switch', 'hold', 'pause', 'analyse', 'watch', 'build'].includes(one))).toEqual([
    'switch',
  ]);
  expect(plan.warnings).toContainEqual(
    expect.objectContaining({ code: 'note', subject: 'service:web', message: expect.stringContaining(first) }),
  );
  expect((await play.deploy()).status).toBe('completed');
  expect(play.cluster.routes.web).toEqual({ [first]: 100 });
  expect(play.cluster.revisions.get(`web/${first}`)!.slots).toEqual([0, 1, 2]);
});

it('what lost an instance meanwhile has all of them again before it gets anything', async () => {
  const { play, at, first } = await shop({ canary });
  play.cluster.stopInstance('web', first, 1);
  await at('1');
  play.forgetCalls();
  expect((await play.deploy()).status).toBe('completed');
  const calls = play.cluster.calls.map(({ call }) => call);
  expect(calls.indexOf('stage')).toBeLessThan(calls.indexOf('probe'));
  expect(calls.indexOf('probe')).toBeLessThan(calls.indexOf('setWeights'));
  expect(play.cluster.distribution('web')!.backends[first]).toHaveLength(3);
});

it('one that does not answer any more gets nothing, and all is as it was', async () => {
  const { play, at, first } = await shop({ canary });
  const before = await everything(play);
  play.cluster.isIll = ({ revision }) => revision === first;
  await at('1');
  expect((await play.deploy(undefined, { onFailure: 'rollback' })).status).toBe('rolled_back');
  expect(await everything(play)).toEqual(before);
});

it('what was left so goes all its steps when it is wanted again', async () => {
  const { play, at } = await shop({ canary });
  await at('1');
  expect((await play.deploy()).status).toBe('completed');
  await at('2');
  expect((await play.plan()).steps.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['hold', 'pause', 'switch']),
  );
});

it('a canary that was stopped on its way up never served, and begins at the beginning', async () => {
  const { play, at } = await shop({ canary });
  await at('3');
  await play.deploy(undefined, { timeoutMs: 1_000, onFailure: 'stop' });
  expect((await play.plan()).steps.map(({ action }) => action)).toContain('hold');
});
