import { describe, expect, it } from 'vitest';
import type { ServiceRecord } from '../../src/state/record.ts';
import { service, thing } from '../support/declare.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';

/** Its environment refers to an id that no plan can know while the thing has to be updated. */
const shop = (value: number, strategy: unknown, more: Config = {}, kind = 'x') => ({
  resources: { a: thing(value, { kind }) },
  services: {
    web: service('web', 4000, {
      strategy,
      env: { A: '${resource:a.id}' },
      migrations: { up: 'true', forwardOnly: true },
      tests: { smoke: 'true' },
      ...more,
    }),
  },
});

const web = async (play: Playground) => (await play.state()).get('service:web') as ServiceRecord;
const actionsOf = (play: Playground) => play.effects().filter((effect) => !effect.startsWith('checkPort'));

/** Two revisions were deployed; the second has the traffic. */
async function twice(strategy: unknown, more: Config = {}) {
  const play = await playground();
  await play.file('web/x', '1');
  await play.deploy(shop(1, strategy, more));
  await play.file('web/x', '2');
  await play.deploy(shop(1, strategy, more));
  const before = {
    record: await web(play),
    cluster: [...play.cluster.revisions.keys()],
    routes: { ...play.cluster.routes },
  };
  play.forgetCalls();
  return { play, before };
}

async function expectAsBefore(play: Playground, before: Awaited<ReturnType<typeof twice>>['before']): Promise<void> {
  expect(await web(play)).toEqual(before.record);
  expect([...play.cluster.revisions.keys()]).toEqual(before.cluster);
  expect(play.cluster.routes).toEqual(before.routes);
  expect((await play.plan()).steps).toEqual([]);
}

describe.for(['blue-green', 'recreate'])('%s, of a release that turns out to be the one that runs', (strategy) => {
  it('stops and starts nothing, runs no migration and no test, and keeps the old one', async () => {
    const { play, before } = await twice(strategy);
    const plan = await play.plan(shop(2, strategy));
    const change = plan.changes.find(({ address }) => address === 'service:web');
    expect(change).toMatchObject({ action: 'update', reasons: [{ path: 'env.A', after: '(known after apply)' }] });
    const report = await play.deploy();
    expect(report.status).toBe('completed');
    expect(actionsOf(play)).toEqual(['update a']);
    await expectAsBefore(play, before);
    // What it says of itself: each step was done, and left what runs as it was.
    const [active] = Object.keys(before.record.weights);
    const own = report.steps.filter(({ subject }) => subject === 'service:web');
    expect(own.length).toBe(plan.steps.length - 1);
    for (const { id, status, unchanged } of own) expect({ id, status, unchanged }).toMatchObject({ unchanged: active });
    // The next real rollout is estimated by what real ones took.
    const estimates = (from: typeof plan) => from.steps.map(({ id, estimateMs }) => [id, estimateMs]);
    const [then, now] = [estimates(plan), estimates(await play.plan(shop(3, strategy)))];
    expect(now.filter(([id]) => id !== 'resource:a/update')).toEqual(then.filter(([id]) => id !== 'resource:a/update'));
  });

  it('does so wherever it is killed in between, and resumed', async () => {
    const { play, before } = await twice(strategy);
    let value = 2;
    const { steps } = await play.plan(shop(value, strategy));
    for (const { id } of steps.filter(({ subject }) => subject === 'service:web')) {
      const dies = new AbortController();
      await play.config(shop(value++, strategy));
      await play.session((slipway) => {
        slipway.on((event) => {
          if (event.kind === 'journal' && event.event.type === 'step.started' && event.event.step === id) dies.abort();
        });
        return slipway.deploy({ kill: dies.signal });
      });
      expect(dies.signal.aborted, id).toBe(true);
      expect((await play.session((slipway) => slipway.resume())).status, id).toBe('completed');
      await expectAsBefore(play, before);
    }
    expect(new Set(actionsOf(play))).toEqual(new Set(['update a']));
  });

  it('is rolled out as ever when the output is another one after all', async () => {
    const { play, before } = await twice(strategy);
    expect((await play.deploy(shop(1, strategy, {}, 'y'))).status).toBe('completed');
    expect(actionsOf(play)).toContain('stage web');
    const [active] = Object.keys((await web(play)).weights);
    expect(before.cluster).not.toContain(`web/${active}`);
    expect(play.cluster.revisions.get(`web/${active}`)!.env).toEqual({ A: 'thing-2' });
    expect((await play.plan()).steps).toEqual([]);
  });

  it('records what else is declared, and goes back without touching it', async () => {
    const { play, before } = await twice(strategy);
    await play.deploy(shop(2, strategy, { tags: { tier: 'front' } }));
    expect(await web(play)).toEqual({ ...before.record, tags: { tier: 'front' } });
    play.forgetCalls();
    expect((await play.session((slipway) => slipway.rollback())).status).toBe('completed');
    expect(actionsOf(play)).toEqual(['update a']);
    expect(await web(play)).toEqual(before.record);
  });

  it('starts it again where it does not run, and gives it its traffic', async () => {
    const { play, before } = await twice(strategy);
    const [active] = Object.keys(before.record.weights);
    play.cluster.revisions.delete(`web/${active}`);
    await play.cluster.route({ ...play.cluster.distribution('web')!, weights: {} });
    expect((await play.deploy(shop(2, strategy))).status).toBe('completed');
    expect(actionsOf(play)).toEqual(['update a', 'stage web', 'setWeights web']);
    before.cluster.sort();
    expect([...play.cluster.revisions.keys()].sort()).toEqual(before.cluster);
    expect(play.cluster.routes).toEqual(before.routes);
    expect(await web(play)).toEqual(before.record);
  });
});

it('what a broken run left staged goes, although there is nothing to roll out', async () => {
  const { play, before } = await twice('blue-green');
  await play.file('web/x', '3');
  play.fault = ({ call }) => (call === 'probe' ? new Error('no answer') : undefined);
  await play.deploy();
  play.fault = () => undefined;
  expect(play.cluster.revisions.size).toBe(3);
  await play.file('web/x', '2');
  await play.deploy(shop(2, 'blue-green'));
  await expectAsBefore(play, before);
});

it('what a broken rolling update left with traffic gives it back, although there is nothing to roll out', async () => {
  const more = { instances: 4 };
  const { play, before } = await twice({ rolling: { drain: '0s' } }, more);
  await play.file('web/x', '3');
  play.cluster.isIll = ({ revision }, slot) => !before.cluster.includes(`web/${revision}`) && slot > 1;
  expect((await play.deploy(undefined, { onFailure: 'stop' })).status).toBe('failed');
  play.cluster.isIll = () => false;
  const [active] = Object.keys(before.routes.web!);
  expect(Object.keys(play.cluster.routes.web!)).toHaveLength(2);
  await play.file('web/x', '2');
  play.fault = (call, when) => {
    if (when === 'before' && call.call === 'retire' && 'revision' in call) {
      expect(play.cluster.routes.web).toEqual({ [active!]: 100 });
    }
    return undefined;
  };
  const report = await play.deploy(shop(2, { rolling: { drain: '0s' } }, more));
  expect(report.status).toBe('completed');
  await expectAsBefore(play, before);
});
