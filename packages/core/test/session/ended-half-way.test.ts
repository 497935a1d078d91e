import { expect, it } from 'vitest';
import { service } from '../support/declare.ts';
import { type OutsideCall, type Playground, playground } from '../support/playground.ts';
import { everything } from '../support/rolling-out.ts';
import { expectSound } from '../support/sound.ts';

// The call that ends instances is gone before they are: they run for a while, and nothing can count on them.

/** Deploys, and dies in this call, when these instances were told to end and are still there. */
async function dieWhileEnding(play: Playground, isIt: (call: OutsideCall) => boolean, slots: readonly number[]) {
  const dies = new AbortController();
  let ended = '';
  play.fault = (call, when) => {
    if (when !== 'before' || dies.signal.aborted || !isIt(call) || !('revision' in call)) return undefined;
    ended = call.revision!;
    for (const slot of slots) play.cluster.beginEnding('web', ended, slot);
    dies.abort();
    return new Error('killed');
  };
  expect((await play.deploy(undefined, { kill: dies.signal })).status).toBe('in_progress');
  play.fault = () => undefined;
  return play.cluster.revisions.get(`web/${ended}`)!;
}

/** Four instances, and a next version that replaces them two by two; it dies while the first two old ones end. */
async function dieWhileShrinking() {
  const play = await playground();
  await play.file('web/x', '1');
  const strategy = { rolling: { drain: '0s', batch: 2, maxSurge: 2 } };
  await play.deploy({ services: { web: service('web', 4000, { instances: 4, strategy }) } });
  const before = await everything(play);
  await play.file('web/x', '2');
  const [old] = Object.keys(play.cluster.routes.web!);
  const isShrink = (call: OutsideCall) => call.call === 'stage' && 'revision' in call && call.revision === old;
  const left = await dieWhileEnding(play, isShrink, [2, 3]);
  expect(left).toMatchObject({ slots: [0, 1], ending: [2, 3] });
  return { play, before, old: old! };
}

it('the way back starts anew what was being ended when fewer were to run', async () => {
  const { play, before, old } = await dieWhileShrinking();
  expect((await play.session((slipway) => slipway.rollback())).status).toBe('completed');
  expect(await everything(play)).toEqual(before);
  expect(play.cluster.revisions.get(`web/${old}`)).not.toHaveProperty('ending');
  await expectSound(play);
});

it('what goes on instead ends them for good', async () => {
  const { play, old } = await dieWhileShrinking();
  const since = play.cluster.calls.length;
  expect((await play.session((slipway) => slipway.resume())).status).toBe('completed');
  const calls = play.cluster.calls.slice(since).filter(({ revision }) => revision === old);
  expect(calls.find(({ call }) => call === 'stage')).toMatchObject({ slots: [0, 1] });
  expect(play.cluster.revisions.has(`web/${old}`)).toBe(false);
  await expectSound(play);
});

it('the way back starts anew what was kept and was being ended', async () => {
  const play = await playground();
  const web = service('web', 4000, { instances: 2 });
  for (const version of ['1', '2']) {
    await play.file('web/x', version);
    await play.deploy({ services: { web } });
  }
  const before = await everything(play);
  const [kept] = [...play.cluster.revisions.values()].map(({ revision }) => revision);
  await play.file('web/x', '3');
  const left = await dieWhileEnding(play, ({ call }) => call === 'retire', [0, 1]);
  expect(left).toMatchObject({ revision: kept, slots: [], ending: [0, 1] });
  expect((await play.session((slipway) => slipway.rollback())).status).toBe('completed');
  expect(await everything(play)).toEqual(before);
  await expectSound(play);
});

it('so does the way back of the deployment itself, whose call broke off', async () => {
  const play = await playground();
  const web = service('web', 4000, { instances: 2 });
  for (const version of ['1', '2']) {
    await play.file('web/x', version);
    await play.deploy({ environments: { dev: { platform: 'memory', onFailure: 'rollback' } }, services: { web } });
  }
  const before = await everything(play);
  const [kept] = [...play.cluster.revisions.values()].map(({ revision }) => revision);
  await play.file('web/x', '3');
  play.fault = ({ call }, when) => {
    if (call !== 'retire' || when !== 'before') return undefined;
    for (const slot of [0, 1]) play.cluster.beginEnding('web', kept!, slot);
    play.fault = () => undefined;
    return new Error('broke off');
  };
  expect((await play.deploy()).status).toBe('rolled_back');
  expect(await everything(play)).toEqual(before);
});
