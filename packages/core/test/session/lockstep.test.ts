import { expect, it } from 'vitest';
import { service } from '../support/declare.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';
import { begun, everything } from '../support/rolling-out.ts';

// Two services that move together through the whole engine.

const steps = (hold: string) => [
  { weight: 20, hold },
  { weight: 50, hold },
];

/** `onFailure: stop`, so that it is the group that takes all back. By itself, web would be far ahead. */
const config = (level: string, more: Config = {}): Config => ({
  environments: { dev: { platform: 'memory', onFailure: 'stop' } },
  services: Object.fromEntries(
    ['web', 'api'].map((name, index) => {
      const strategy = { canary: { steps: steps(name === 'web' ? '10ms' : '150ms'), ...more } };
      return [name, service(name, 4000 + index, { instances: 2, lockstep: 'shop', env: { LEVEL: level }, strategy })];
    }),
  ),
});

async function pair(): Promise<{ play: Playground; before: unknown }> {
  const play = await playground();
  for (const name of ['web', 'api']) await play.file(`${name}/x`, 'x');
  expect((await play.deploy(config('1'))).status).toBe('completed');
  return { play, before: await both(play) };
}

const both = async (play: Playground) => [await everything(play, 'web'), await everything(play, 'api')];

it.each([
  ['as its first instance does not answer', 1],
  ['as it is about to get half', 2],
  ['at the very end', 3],
])('one member fails %s: all are back, exactly', async (_, round) => {
  const { play, before } = await pair();
  let switches = 0;
  play.fault = (call, when) => {
    if (when !== 'before' || call.call !== 'setWeights' || !('service' in call) || call.service !== 'api')
      return undefined;
    return ++switches === round ? new Error('out of order') : undefined;
  };
  if (round === 1) play.cluster.isIll = ({ service: name, env }) => name === 'api' && env.LEVEL === '2';
  const report = await play.deploy(config('2'));
  const code = round === 1 ? 'unhealthy' : 'unexpected';
  expect(report).toMatchObject({ status: 'rolled_back', error: { code }, rollback: { failed: [] } });
  const moved = report.steps.filter(({ id, status }) => id.startsWith('service:web/switch') && status === 'succeeded');
  // The others got no further than one round ahead of the one that failed, and none when it never ran.
  expect(moved.length).toBeLessThanOrEqual(round);
  if (round === 1) expect(moved).toEqual([]);
  expect(await both(play)).toEqual(before);
});

it('one member is judged bad: the other, which was well, is back too', async () => {
  const { play, before } = await pair();
  const metrics = [{ name: 'errors', source: 'router', query: 'errorRate', failAbove: 0.05, passBelow: 0.01 }];
  const analysis = { metrics, interval: '1s', minimumSamples: 1 };
  play.cluster.beforeTraffic = (name) => {
    for (const revision of Object.keys(play.cluster.routes[name] ?? {}))
      play.cluster.traffic.add(name, revision, { requests: 100, errors: name === 'api' ? 20 : 0 });
  };
  const long = [{ weight: 20, hold: '10m' }];
  const report = await play.deploy(config('2', { steps: long, analysis }));
  expect(report).toMatchObject({ status: 'rolled_back', rollback: { failed: [] } });
  expect(report.steps.find(({ verdict }) => verdict?.verdict === 'fail')!.id).toContain('service:api/');
  expect(await both(play)).toEqual(before);
});

it('a person who aborts one rollout aborts the group', async () => {
  const { play, before } = await pair();
  await play.config(config('2', { steps: [{ weight: 20, hold: '10m' }] }));
  const { done } = await begun(play, 'hold-20');
  await play.session((slipway) => slipway.control('abort'));
  expect((await done).status).toBe('rolled_back');
  expect(await both(play)).toEqual(before);
});
