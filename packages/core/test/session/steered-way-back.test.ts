import { once } from 'node:events';
import { MemoryWorld, memoryThing } from '@slipway/provider-testkit';
import { describe, expect, it } from 'vitest';
import { SlipwayError } from '../../src/errors.ts';
import type { CallContext, ResourceType } from '../../src/provider/contract.ts';
import type { Slipway } from '../../src/slipway.ts';
import { thing } from '../support/declare.ts';
import { playground } from '../support/playground.ts';
import { reaches } from '../support/reaches.ts';

/** A deployment that fails and goes back: held where it takes away the second of two things, until it is let go. */
async function goingBack(options: Parameters<Slipway['deploy']>[0] = {}) {
  const world = new MemoryWorld();
  const plain = memoryThing(world);
  const reached = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const stopped = async ({ signal }: CallContext) => {
    if (!signal.aborted) await once(signal, 'abort');
  };
  const held: ResourceType = {
    ...plain,
    name: 'memory:held',
    async delete(context, recorded) {
      reached.resolve();
      await Promise.race([release.promise, stopped(context)]);
      context.signal.throwIfAborted();
      await plain.delete(context, recorded);
    },
  };
  const play = await playground({ types: [held] });
  play.fault = ({ call, ...one }, when) =>
    call === 'create' && 'name' in one && one.name === 'c' && when === 'before'
      ? new SlipwayError('no', 'c fails')
      : undefined;
  await play.config({
    environments: { dev: { platform: 'memory', onFailure: 'rollback' } },
    resources: {
      a: thing(1),
      b: { type: 'memory:held', value: 1, dependsOn: ['a'] },
      c: thing(1, { dependsOn: ['b'] }),
    },
  });
  const things = () => [...play.world.things.values(), ...world.things.values()].map(({ name }) => name);
  const done = play.deploy(undefined, options);
  done.catch(() => {});
  await reached.promise;
  const other = await play.open();
  const [back, deployment] = await other.history();
  return { play, things, done, other, back: back!.id, deployment: deployment!.id, release: () => release.resolve() };
}

/** One whose way back a person has paused, speaking to the deployment by its own id. */
async function pausedWayBack() {
  const all = await goingBack();
  expect(await all.other.control('pause', all.deployment)).toMatchObject({ running: true });
  await reaches(all.other, 'waiting', all.back);
  all.release();
  return all;
}

describe('what is said to a deployment that is taken back is said to its way back', () => {
  it('continue lets it go on after a pause', async () => {
    const { things, done, other, deployment } = await pausedWayBack();
    expect(await other.status()).toMatchObject({ latest: { kind: 'rollback', status: 'waiting' } });
    expect(things()).toContain('a');
    await other.control('continue', deployment);
    expect(await done).toMatchObject({ id: deployment, status: 'rolled_back', rollback: { failed: [] } });
    expect(things()).toEqual([]);
  });

  it.each(['back', 'deployment'] as const)('abort lets it go on after a pause (named: the %s)', async (named) => {
    const { things, done, other, ...ids } = await pausedWayBack();
    expect(await other.control('abort', ids[named])).toMatchObject({ running: true });
    expect(await done).toMatchObject({ status: 'rolled_back', rollback: { failed: [] } });
    expect(things()).toEqual([]);
  });

  it('rollback lets it go on after a pause, and ends with it', async () => {
    const { things, done, other, back } = await pausedWayBack();
    expect(await other.rollback()).toMatchObject({ id: back, kind: 'rollback', status: 'completed' });
    expect(await done).toMatchObject({ status: 'rolled_back' });
    expect(things()).toEqual([]);
  });

  it('cancel stops it, and resume goes on with it', async () => {
    const { things, done, other, back, deployment, release } = await goingBack();
    expect(await other.control('cancel', deployment)).toMatchObject({ running: true });
    expect(await done).toMatchObject({ status: 'rolling_back', rollback: { id: back, status: 'cancelled' } });
    release();
    expect(await other.resume()).toMatchObject({ id: deployment, status: 'rolled_back', rollback: { failed: [] } });
    expect(things()).toEqual([]);
  });

  it('a way back whose process died hears it when it is taken up', async () => {
    const dies = new AbortController();
    const { things, done, other, back, deployment, release } = await goingBack({ kill: dies.signal });
    dies.abort();
    await done.catch(() => {});
    release();
    expect(await other.control('pause', deployment)).toEqual({ deployment, running: false, left: true });
    const waiting = await other.resume({ waitForPerson: false });
    expect(waiting).toMatchObject({
      id: deployment,
      status: 'rolling_back',
      rollback: { id: back, status: 'waiting' },
    });
    expect(things()).toContain('a');
    await other.control('continue', deployment);
    expect(await other.resume({ deployment })).toMatchObject({ id: deployment, status: 'rolled_back' });
    expect(things()).toEqual([]);
  });
});

/** One thing that is made and another that fails when `told` has been done. */
async function failing(told: (slipway: Slipway) => Promise<unknown>) {
  const telling = Promise.withResolvers<Slipway>();
  const plain = memoryThing(new MemoryWorld());
  const fails: ResourceType = {
    ...plain,
    name: 'memory:fails',
    async create() {
      await told(await telling.promise);
      throw new SlipwayError('no', 'it fails');
    },
  };
  const play = await playground({ types: [fails] });
  await play.config({
    environments: { dev: { platform: 'memory', onFailure: 'rollback' } },
    resources: { a: thing(1), b: { type: 'memory:fails', value: 1, dependsOn: ['a'] } },
  });
  telling.resolve(await play.open());
  return play;
}

describe('what is said just before a deployment fails was said to that', () => {
  it('a cancel leaves it where it is', async () => {
    const play = await failing((slipway) => slipway.control('cancel'));
    expect(await play.deploy()).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
    expect(play.world.things.size).toBe(1);
    expect(await play.session((slipway) => slipway.rollback())).toMatchObject({ status: 'completed' });
    expect(play.world.things.size).toBe(0);
  });

  it('a pause holds up no way back', async () => {
    const play = await failing((slipway) => slipway.control('pause'));
    expect(await play.deploy(undefined, { waitForPerson: false })).toMatchObject({ status: 'rolled_back' });
    expect(play.world.things.size).toBe(0);
  });
});

/** One whose process died before its way back was begun. */
async function diedBeforeItsWayBack(told: (slipway: Slipway) => Promise<unknown> = async () => {}) {
  const play = await failing(told);
  const [session, other, dies] = [await play.open(), await play.open(), new AbortController()];
  session.on((event) => {
    if (event.kind !== 'journal' || event.event.type !== 'deployment.status') return;
    if (event.event.data.status === 'rolling_back') dies.abort();
  });
  const { id } = await session.deploy({ kill: dies.signal });
  return { play, other, id };
}

it('what a deployment heard before it began to go back is over by then, also when its process died', async () => {
  const { play, other, id } = await diedBeforeItsWayBack((slipway) => slipway.control('pause'));
  expect(await other.resume({ waitForPerson: false })).toMatchObject({ id, status: 'rolled_back' });
  expect(play.world.things.size).toBe(0);
});

it('a way back that was not begun is begun as it was said to what it takes back', async () => {
  const { play, other, id } = await diedBeforeItsWayBack();
  expect(await other.control('pause', id)).toMatchObject({ left: true });
  const waiting = await other.resume({ waitForPerson: false });
  expect(waiting).toMatchObject({ id, status: 'rolling_back', rollback: { status: 'waiting' } });
  expect(play.world.things.size).toBe(1);
  await other.control('abort', id);
  expect(await other.resume()).toMatchObject({ id, status: 'rolled_back' });
  expect(play.world.things.size).toBe(0);
});

it('a cancel counts from when the run has the lock, also before it listens', async () => {
  const { done, other, back, deployment, release } = await goingBack();
  await other.control('cancel');
  expect(await done).toMatchObject({ rollback: { id: back, status: 'cancelled' } });
  release();
  const confirm = async () => (await other.control('cancel', deployment)).running;
  expect(await other.resume({ confirm })).toMatchObject({ rollback: { id: back, status: 'cancelled' } });
  expect(await other.resume()).toMatchObject({ id: deployment, status: 'rolled_back' });
});
