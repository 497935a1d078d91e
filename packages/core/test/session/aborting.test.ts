import { once } from 'node:events';
import { MemoryWorld, memoryThing } from '@slipway/provider-testkit';
import { describe, expect, it } from 'vitest';
import type { CallContext, ResourceType } from '../../src/provider/contract.ts';
import type { Slipway } from '../../src/slipway.ts';
import { thing } from '../support/declare.ts';
import { playground } from '../support/playground.ts';
import { reaches } from '../support/reaches.ts';

/** Two things of which the last one, when it is made, lasts as long as it is told; it can't be broken off. */
async function shop(lasting: (context: CallContext) => Promise<unknown>) {
  const world = new MemoryWorld();
  const plain = memoryThing(world);
  const last: ResourceType = {
    ...plain,
    name: 'memory:last',
    async create(context, request) {
      const made = await plain.create(context, request);
      await lasting(context);
      return made;
    },
  };
  const play = await playground({ types: [last] });
  await play.config({ resources: { a: thing(1), b: { type: 'memory:last', value: 1, dependsOn: ['a'] } } });
  const things = () => [...play.world.things.values(), ...world.things.values()].map(({ name }) => name);
  return { play, things };
}

const untilTold = ({ signal }: CallContext) => once(signal, 'abort');

/** A deployment whose process dies when the last thing is there and nothing says so yet. */
async function diedAtTheEnd() {
  const dies = new AbortController();
  const { play, things } = await shop(async (context) => {
    dies.abort();
    await untilTold(context);
  });
  const { id } = await play.deploy(undefined, { kill: dies.signal });
  expect(things()).toEqual(['a', 'b']);
  return { play, things, id };
}

/** One that is under way in its last step. */
async function underWay() {
  const reached = Promise.withResolvers<void>();
  const { play, things } = await shop(async (context) => {
    reached.resolve();
    await untilTold(context);
  });
  const done = play.deploy();
  done.catch(() => {});
  await reached.promise;
  return { things, done, other: await play.open() };
}

describe('an abort when nothing is left to be done', () => {
  it('takes back what a run that died had done, to its last step', async () => {
    const { play, things, id } = await diedAtTheEnd();
    const other = await play.open();
    expect(await other.control('abort')).toEqual({ deployment: id, running: false, left: true });
    expect(await other.resume()).toMatchObject({ id, status: 'rolled_back', error: { code: 'aborted' } });
    expect(things()).toEqual([]);
  });

  it('takes back what ends as it was to end', async () => {
    const { things, done, other } = await underWay();
    await other.control('abort');
    expect(await done).toMatchObject({ status: 'rolled_back', error: { code: 'aborted' }, rollback: { failed: [] } });
    expect(things()).toEqual([]);
  });

  it('is heard in the last moment', async () => {
    const asking = Promise.withResolvers<Slipway>();
    const { play, things } = await shop(async () => void (await (await asking.promise).control('abort')));
    asking.resolve(await play.open());
    expect(await play.deploy()).toMatchObject({ status: 'rolled_back', error: { code: 'aborted' } });
    expect(things()).toEqual([]);
  });

  it('is what a rollback says to a deployment that was paused in its last step', async () => {
    const { things, done, other } = await underWay();
    await other.control('pause');
    await reaches(other, 'waiting');
    expect(await other.rollback()).toMatchObject({ id: (await done).id, status: 'rolled_back' });
    expect(things()).toEqual([]);
  });
});

it('goes back only once it is known what was done: a cancel meanwhile leaves the abort for the next run', async () => {
  const { play, things, id } = await diedAtTheEnd();
  const other = await play.open();
  await other.control('abort');
  const cancels = new AbortController();
  other.on(({ kind }) => kind === 'started' && cancels.abort());
  const stopped = await other.resume({ signal: cancels.signal });
  expect(stopped).toMatchObject({ id, status: 'cancelled', error: { code: 'interrupted' } });
  expect(things()).toEqual(['a', 'b']);
  expect(await other.control('abort')).toMatchObject({ deployment: id, left: true });
  expect(await other.resume()).toMatchObject({ id, status: 'rolled_back', rollback: { failed: [] } });
  expect(things()).toEqual([]);
});

it('a cancelled abort is done by a rollback too', async () => {
  const { play, things } = await diedAtTheEnd();
  const other = await play.open();
  await other.control('abort');
  const cancels = new AbortController();
  const stop = other.on(({ kind }) => kind === 'started' && cancels.abort());
  await other.resume({ signal: cancels.signal });
  stop();
  expect(await other.rollback()).toMatchObject({ kind: 'rollback', status: 'completed' });
  expect(things()).toEqual([]);
});
