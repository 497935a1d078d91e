import { expect, it } from 'vitest';
import { activeRevision, type ServiceRecord } from '../../src/state/record.ts';
import { service } from '../support/declare.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';

// A rolling update stopped half-way: most of the old instances are gone. What the next deployment does for those that
// are left, before everybody is sent to them.

const config = (rolling: Config, more: Config = {}) => ({
  services: {
    web: service('web', 4000, { instances: 10, strategy: { rolling: { drain: '0s', ...rolling } }, ...more }),
  },
});

/** Ten instances, begun as fewer; the eighth of the next version doesn't answer. */
async function stopped(rolling: Config = {}) {
  const play = await playground();
  await play.file('web/x', '1');
  await play.deploy(config(rolling, { instances: 2 }));
  await play.deploy(config(rolling));
  const [old] = Object.keys(play.cluster.routes.web!);
  await play.file('web/x', '2');
  play.cluster.isIll = ({ revision }, slot) => revision !== old && slot > 6;
  expect((await play.deploy(config(rolling), { onFailure: 'stop' })).status).toBe('failed');
  play.cluster.isIll = () => false;
  const left = play.cluster.revisions.get(`web/${old}`)!.slots;
  return { play, old: old!, left };
}

/** By revision, who takes part after each change of the traffic from here on; all of them must have answered. */
function watch(play: Playground): Record<string, number>[] {
  const moments: Record<string, number>[] = [];
  const answered = new Map<string, Set<number>>();
  play.fault = (call, when) => {
    if (when === 'before' && call.call === 'probe' && 'revision' in call) {
      const all = play.cluster.revisions.get(`web/${call.revision}`)!.slots;
      answered.set(call.revision, new Set([...(answered.get(call.revision) ?? []), ...(call.slots ?? all)]));
    }
    if (when !== 'after' || call.call !== 'setWeights') return undefined;
    const backends = Object.entries(play.cluster.distribution('web')!.backends);
    for (const [id, there] of backends)
      expect([...answered.get(id)!]).toEqual(expect.arrayContaining(there.map(({ slot }) => slot)));
    moments.push(Object.fromEntries(backends.map(([id, there]) => [id, there.length])));
    return undefined;
  };
  return moments;
}

const web = async (play: Playground) => (await play.state()).get('service:web') as ServiceRecord;
const planned = async (play: Playground, next: Config) =>
  (await play.plan(next)).steps.map(({ id }) => id.slice('service:web/'.length));

it('the mended version begins with all old instances, and never has fewer', async () => {
  const { play, old, left } = await stopped();
  expect(left).toEqual([0, 1, 2]);
  await play.file('web/x', '3');
  const moments = watch(play);
  expect((await play.deploy(config({}))).status).toBe('completed');
  expect(moments[0]).toEqual({ [old]: 10 });
  const totals = moments.map((moment) => Object.values(moment).reduce((sum, count) => sum + count, 0));
  expect(Math.min(...totals)).toBe(10);
  expect([...play.cluster.revisions.values()].map(({ slots }) => slots.length)).toEqual([10]);
  expect(await planned(play, config({}))).toEqual([]);
});

it('another number for the mended version leaves the old one as many as it had', async () => {
  const { play, old } = await stopped();
  await play.file('web/x', '3');
  const moments = watch(play);
  expect((await play.deploy(config({}, { instances: 4 }))).status).toBe('completed');
  expect(moments[0]).toEqual({ [old]: 10 });
  expect([...play.cluster.revisions.values()].map(({ slots }) => slots.length)).toEqual([4]);
});

it('the old version again gets its instances before it gets everybody', async () => {
  const { play, old } = await stopped();
  await play.file('web/x', '1');
  const steps = await planned(play, config({}));
  expect(steps.slice(0, 4)).toEqual(['scale', 'probe', 'take-back', 'verify']);
  expect(steps.slice(4).map((id) => id.split('-')[0])).toEqual(['retire']);
  const moments = watch(play);
  expect((await play.deploy(config({}))).status).toBe('completed');
  expect(moments).toEqual([{ [old]: 10 }]);
  expect([...play.cluster.revisions.values()].map(({ revision }) => revision)).toEqual([old]);
  expect(activeRevision(await web(play))!.slots).toHaveLength(10);
  expect(await planned(play, config({}))).toEqual([]);
});

it('so it does where what is left of it does not run either', async () => {
  const { play, old } = await stopped();
  await play.file('web/x', '1');
  play.cluster.revisions.delete(`web/${old}`);
  const moments = watch(play);
  expect((await play.deploy(config({}))).status).toBe('completed');
  expect(moments).toEqual([{ [old]: 10 }]);
  expect(await planned(play, config({}))).toEqual([]);
});

it('as many as may be missing hold nothing up', async () => {
  const rolling = { batch: 1, maxSurge: 0, maxUnavailable: 8 };
  const { play, old, left } = await stopped(rolling);
  expect(left.length).toBeLessThan(10);
  await play.file('web/x', '1');
  const moments = watch(play);
  expect((await play.deploy(config(rolling))).status).toBe('completed');
  expect(moments).toEqual([{ [old]: left.length }, { [old]: 10 }]);
});

it('what came after it goes back without taking instances from those who carry everybody', async () => {
  const { play, old } = await stopped();
  const [broken] = [...play.cluster.revisions.values()].filter(({ revision }) => revision !== old);
  await play.file('web/x', '3');
  // What broke still does, and so does what was to replace it.
  play.cluster.isIll = ({ revision }, slot) => revision !== old && (revision !== broken!.revision || slot > 6);
  const moments = watch(play);
  const report = await play.deploy(config({}), { onFailure: 'rollback' });
  expect(moments).toEqual([{ [old]: 10 }]);
  expect(report).toMatchObject({ status: 'failed', rollback: { status: 'failed' } });
  expect(play.cluster.routes.web).toEqual({ [old]: 100 });
  expect(play.cluster.revisions.get(`web/${old}`)!.slots).toHaveLength(10);
});

it('and takes them when what it goes back to answers', async () => {
  const { play, old, left } = await stopped();
  const before = { ...play.cluster.routes.web };
  await play.file('web/x', '3');
  const [broken] = [...play.cluster.revisions.values()].filter(({ revision }) => revision !== old);
  play.cluster.isIll = ({ revision }) => revision !== old && revision !== broken!.revision;
  const moments = watch(play);
  expect(await play.deploy(config({}), { onFailure: 'rollback' })).toMatchObject({ status: 'rolled_back' });
  expect(moments[0]).toEqual({ [old]: 10 });
  expect(play.cluster.routes.web).toEqual(before);
  expect(play.cluster.revisions.get(`web/${old}`)!.slots).toEqual(left);
});
