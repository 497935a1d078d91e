import { expect, it } from 'vitest';
import { service } from '../support/declare.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';
import { begun, everything } from '../support/rolling-out.ts';

// Instances are being replaced, some of the old ones are gone already, and all is taken back.

/** How many instances of the old revision and of others take part. */
interface Moment {
  old: number;
  others: number;
}

/** Four instances, a next version whose instances replace them like this, and who takes part after each change. */
async function rollout(rolling: Config) {
  const play = await playground();
  await play.file('web/x', '1');
  const strategy = { rolling: { drain: '0s', ...rolling } };
  await play.deploy({
    environments: { dev: { platform: 'memory', onFailure: 'rollback' } },
    services: { web: service('web', 4000, { instances: 4, strategy }) },
  });
  const before = await everything(play);
  const [old] = Object.keys(play.cluster.routes.web!);
  await play.file('web/x', '2');
  return { play, before, old: old! };
}

/** What happens from here on; nothing may get traffic that hasn't answered since. */
function watch(play: Playground, old: string) {
  const since = play.cluster.calls.length;
  const moments: Moment[] = [];
  const answered = new Set<number>();
  play.fault = (call, when) => {
    if (when === 'before' && call.call === 'probe' && 'revision' in call && call.revision === old)
      for (const slot of call.slots ?? [0, 1, 2, 3]) answered.add(slot);
    if (when !== 'after' || call.call !== 'setWeights') return undefined;
    const { backends } = play.cluster.distribution('web')!;
    const taking = (backends[old] ?? []).map(({ slot }) => slot);
    expect([...answered]).toEqual(expect.arrayContaining(taking));
    const others = Object.keys(backends).filter((id) => id !== old);
    moments.push({ old: taking.length, others: others.reduce((sum, id) => sum + backends[id]!.length, 0) });
    return undefined;
  };
  return { moments, way: () => play.cluster.calls.slice(since).map(({ call }) => call) };
}

/** The instances of the second batch don't answer: how all goes back, from the moment when that is known. */
async function secondBatchFails(rolling: Config) {
  const { play, before, old } = await rollout(rolling);
  let back: ReturnType<typeof watch> | undefined;
  let left = 0;
  play.cluster.isIll = ({ revision }, slot) => revision !== old && slot > 1;
  const slipway = await play.open();
  slipway.on((event) => {
    if (event.kind !== 'journal' || event.event.type !== 'step.failed') return;
    back ??= watch(play, old);
    left = play.cluster.revisions.get(`web/${old}`)!.slots.length;
  });
  expect(await slipway.deploy()).toMatchObject({ status: 'rolled_back', rollback: { failed: [] } });
  expect(await everything(play)).toEqual(before);
  return { left, moments: back!.moments, way: back!.way() };
}

it('a revision that was scaled down gets no more than its own until all of it is there and answers', async () => {
  const { left, moments, way } = await secondBatchFails({ batch: 2, maxSurge: 2 });
  expect(left).toBe(2);
  expect(moments).toEqual([{ old: 4, others: 0 }]);
  expect(way.filter((call) => call !== 'list').slice(0, 3)).toEqual(['stage', 'probe', 'setWeights']);
});

it('as many as may be missing hold nothing up: what serves still gets everything at once', async () => {
  const { left, moments, way } = await secondBatchFails({ batch: 2, maxUnavailable: 2 });
  expect(left).toBe(2);
  expect(moments).toEqual([
    { old: 2, others: 0 },
    { old: 4, others: 0 },
  ]);
  expect(way.slice(0, 2)).toEqual(['probe', 'setWeights']);
});

it('what was closed runs on through the pause, and takes part again at once', async () => {
  const { play, before, old } = await rollout({ pause: '10m' });
  const { done } = await begun(play, 'hold-1');
  expect(play.cluster.distribution('web')!.backends[old]).toHaveLength(3);
  expect(play.cluster.revisions.get(`web/${old}`)!.slots).toHaveLength(4);
  const back = watch(play, old);
  await play.session((slipway) => slipway.control('abort'));
  expect((await done).status).toBe('rolled_back');
  expect(back.moments).toEqual([{ old: 4, others: 0 }]);
  expect(back.way().slice(0, 2)).toEqual(['probe', 'setWeights']);
  expect(await everything(play)).toEqual(before);
});

it('so do those that nobody is sent to any more, while they run', async () => {
  const { play, before, old } = await rollout({ batch: 2, maxSurge: 0, maxUnavailable: 2, pause: '10m' });
  const { done } = await begun(play, 'hold-2');
  expect(play.cluster.routes.web).not.toHaveProperty(old);
  const back = watch(play, old);
  await play.session((slipway) => slipway.control('abort'));
  expect((await done).status).toBe('rolled_back');
  expect(back.moments).toEqual([
    { old: 2, others: 0 },
    { old: 4, others: 0 },
  ]);
  expect(await everything(play)).toEqual(before);
});

it('what was scaled up meanwhile is scaled down again only when nobody is sent to the rest of it', async () => {
  const { play, before, old } = await rollout({});
  await play.file('web/x', '1');
  const strategy = { rolling: { drain: '0s' } };
  const failing = service('late', 4001, { dependsOn: ['service:web'] });
  await play.file('late/x', '1');
  play.cluster.isIll = ({ service: name }) => name === 'late';
  const moments: number[] = [];
  play.fault = (call, when) => {
    if (when !== 'after' || !('service' in call) || call.service !== 'web') return undefined;
    const taking = play.cluster.distribution('web')!.backends[old]!.map(({ slot }) => slot);
    expect(play.cluster.revisions.get(`web/${old}`)!.slots).toEqual(expect.arrayContaining(taking));
    moments.push(taking.length);
    return undefined;
  };
  const report = await play.deploy({
    environments: { dev: { platform: 'memory', onFailure: 'rollback' } },
    services: { web: service('web', 4000, { instances: 9, strategy }), late: failing },
  });
  expect(report).toMatchObject({ status: 'rolled_back', rollback: { failed: [] } });
  expect(Math.max(...moments)).toBe(9);
  expect(moments.at(-1)).toBe(4);
  expect(await everything(play)).toEqual(before);
});
