import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryWorld, memoryThing } from '@slipway/provider-testkit';
import { describe, expect, it } from 'vitest';
import { SlipwayError } from '../../src/errors.ts';
import { readKey } from '../../src/journal/key.ts';
import { processStart } from '../../src/journal/process-identity.ts';
import { openSqliteStore } from '../../src/journal/sqlite/open-sqlite-store.ts';
import type { ResourceType } from '../../src/provider/contract.ts';
import type { Slipway } from '../../src/slipway.ts';
import { thing } from '../support/declare.ts';
import { viewOf } from '../support/outside-view.ts';
import { type Playground, playground } from '../support/playground.ts';
import { reaches } from '../support/reaches.ts';
import { refusal } from '../support/refusal.ts';

const chain = (value: number) => ({
  resources: {
    a: thing(value),
    b: thing(value, { dependsOn: ['a'] }),
    c: thing(value, { dependsOn: ['b'] }),
  },
});

/** A deployment under way, held in the update of `b` until it is let go; another session steers it. */
async function heldAt(play: Playground, options: Parameters<Slipway['deploy']>[0] = {}) {
  const reached = Promise.withResolvers<void>();
  const session = await play.open();
  session.on((event) => {
    if (event.kind === 'journal' && event.event.type === 'step.started' && event.event.step === 'resource:b/update')
      reached.resolve();
  });
  const done = session.deploy(options);
  done.catch(() => {});
  await reached.promise;
  return { done, other: await play.open() };
}

async function slowShop(slowMs = 3_000) {
  const play = await playground({
    things: { slowMs: ({ call, name }) => (call === 'update' && name === 'b' ? slowMs : 0) },
  });
  await play.deploy(chain(1));
  const before = await viewOf(play);
  await play.config(chain(2));
  return { play, before };
}

describe('from another terminal', () => {
  it('pause keeps anything new from starting, and continue lets it', async () => {
    const { play } = await slowShop();
    const { done, other } = await heldAt(play);
    expect((await other.control('pause')).running).toBe(true);
    await reaches(other, 'waiting');
    expect((await other.status()).latest).toMatchObject({ status: 'waiting' });
    expect(play.world.calls.filter(({ call, name }) => call === 'update' && name === 'c')).toEqual([]);
    await other.control('continue');
    expect((await done).status).toBe('completed');
  });

  it('abort takes everything back, also while it is paused', async () => {
    const { play, before } = await slowShop();
    const { done, other } = await heldAt(play);
    await other.control('pause');
    await reaches(other, 'waiting');
    await other.control('abort');
    const report = await done;
    expect(report).toMatchObject({ status: 'rolled_back', error: { code: 'aborted' }, rollback: { failed: [] } });
    expect(await viewOf(play)).toEqual(before);
  });

  it('rollback works at once while a deployment waits', async () => {
    const { play, before } = await slowShop();
    const { done, other } = await heldAt(play);
    await other.control('pause');
    await reaches(other, 'waiting');
    const report = await other.rollback();
    expect(report).toMatchObject({ id: (await done).id, status: 'rolled_back' });
    expect(await viewOf(play)).toEqual(before);
  });

  it('rollback stops nothing before it is known to be possible and was agreed to', async () => {
    const { play } = await slowShop();
    const { done, other } = await heldAt(play);
    await other.control('pause');
    await reaches(other, 'waiting');
    const { id } = (await other.status()).latest!;
    await refusal(other.rollback({ to: 'v9999' }), 'deployment-unknown');
    await refusal(other.rollback({ only: ['nobody'] }), 'selection-unknown');
    const asked: unknown[] = [];
    const confirm = async (_: unknown, environment: unknown) => asked.push(environment) === 0;
    const refused = await refusal(other.rollback({ confirm }), 'not-confirmed');
    expect(refused.message).toBe('Nothing was changed.');
    expect(asked).toEqual([{ name: 'dev', protected: false, stops: id }]);
    await refusal(other.rollback({ to: id, confirm }), 'deployment-unknown');
    expect((await other.status()).latest).toMatchObject({ id, status: 'waiting' });
    await other.control('continue');
    expect(await done).toMatchObject({ id, status: 'completed' });
  });

  it('a rollback that ends after it stopped what waited says that it did', async () => {
    const { play } = await slowShop();
    const [first] = await play.session((slipway) => slipway.history());
    await play.deploy();
    const before = await viewOf(play);
    await play.config(chain(3));
    const { done, other } = await heldAt(play);
    await other.control('pause');
    await reaches(other, 'waiting');
    const { id } = (await other.status()).latest!;
    const confirm = async (_: unknown, { stops }: { stops?: string }) => stops !== undefined;
    const refused = await refusal(other.rollback({ to: first!.id, confirm }), 'not-confirmed');
    expect(refused.message).toBe(`Nothing else was changed.\n${id} was told to stop and to take back what it did.`);
    expect(await done).toMatchObject({ id, status: 'rolled_back' });
    expect(await viewOf(play)).toEqual(before);
  });

  it('a signal ends the wait for what a rollback stopped, not what was said', async () => {
    const { play, before } = await slowShop(2_000);
    const { done, other } = await heldAt(play);
    await other.control('pause');
    await reaches(other, 'waiting');
    const { id } = (await other.status()).latest!;
    const stop = new AbortController();
    other.on(({ kind }) => kind === 'waiting-for-lock' && stop.abort());
    const stopped = await refusal(other.rollback({ signal: stop.signal }), 'interrupted');
    expect(stopped.message).toContain(`nothing else was begun. ${id} was told to stop and to take back`);
    expect(await done).toMatchObject({ id, status: 'rolled_back' });
    expect(await viewOf(play)).toEqual(before);
  });

  it('cancel stops cleanly, and resume goes on under the same id', async () => {
    const { play } = await slowShop();
    const { done, other } = await heldAt(play);
    await other.control('cancel');
    const report = await done;
    expect(report).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
    expect(report.steps.map(({ status }) => status)).toEqual(['succeeded', 'cancelled', 'pending']);
    const resumed = await other.resume();
    expect(resumed).toMatchObject({ id: report.id, status: 'completed' });
    expect([...play.world.things.values()].map(({ properties }) => properties.value)).toEqual([2, 2, 2]);
  });

  it('a wish is heard from the moment that the deployment is known', async () => {
    const { play, before } = await slowShop();
    const [session, other] = [await play.open(), await play.open()];
    session.on((event) => {
      if (event.kind === 'started' && event.plan.kind === 'deploy') void other.control('abort', event.deployment);
    });
    expect((await session.deploy()).status).toBe('rolled_back');
    expect(await viewOf(play)).toEqual(before);
  });

  it('wishes for what does not run are not left behind', async () => {
    const play = await playground();
    const { id } = await play.deploy(chain(1));
    expect(await play.session((slipway) => slipway.control('abort'))).toEqual({ deployment: id, running: false });
    await refusal(
      play.session((slipway) => slipway.control('pause', 'nothing')),
      'deployment-unknown',
    );
  });

  it.each(['cancel', 'abort'] as const)('%s of a run that died stops nothing that comes after it', async (what) => {
    const world = new MemoryWorld();
    const plain = memoryThing(world);
    const lasting: ResourceType = {
      ...plain,
      name: 'memory:lasting',
      async create(context, request) {
        await plain.create(context, request);
        await once(context.signal, 'abort');
        throw context.signal.reason;
      },
      // Longer than it takes until a run hears what people say.
      find: async (context, request) => {
        await sleep(1_500, undefined, { signal: context.signal });
        return await plain.find!(context, request);
      },
    };
    const play = await playground({ types: [lasting] });
    const resources = { a: { type: 'memory:lasting', value: 1 }, after: thing(1, { dependsOn: ['a'] }) };
    await play.config({ resources });
    const dies = new AbortController();
    const [session, other] = [await play.open(), await play.open()];
    session.on((event) => {
      if (event.kind !== 'journal') return;
      if (event.event.type === 'step.started') void other.control(what);
      if (event.event.type === 'deployment.asked') dies.abort();
    });
    await session.deploy({ kill: dies.signal });
    expect(world.things.size).toBe(1);
    const next = await play.deploy({ resources: { b: thing(1) } });
    expect(next).toMatchObject({ status: 'completed', counts: { create: 1, delete: 1 } });
    expect(world.things.size).toBe(0);
    const heard = play.events.filter((event) => event.kind === 'journal' && event.event.type === 'deployment.asked');
    expect(heard).toHaveLength(1);
  });

  it('what another deployment came after can not be steered, and is said to be superseded', async () => {
    const { play } = await slowShop();
    const { done, other } = await heldAt(play);
    await other.control('cancel');
    const { id } = await done;
    await play.config(chain(3));
    const next = await play.deploy();
    expect(await other.control('abort', id)).toEqual({ deployment: id, running: false, supersededBy: next.id });
  });

  it('events can be followed to the end', async () => {
    const { play } = await slowShop(50);
    const { done, other } = await heldAt(play);
    const types: string[] = [];
    for await (const event of other.events(undefined, { follow: true })) types.push(event.type);
    expect(types[0]).toBe('deployment.started');
    expect(types.at(-1)).toBe('deployment.ended');
    await done;
  });
});

describe('the lock of an environment', () => {
  it('refuses a second deployment, naming the holder, or lets it wait', async () => {
    const { play } = await slowShop();
    const { done, other } = await heldAt(play, { command: 'slipway deploy -e dev' });
    const refused = await refusal(other.deploy(), 'lock-held');
    expect(refused.message).toContain(`process ${process.pid}`);
    expect(refused.message).toContain('slipway deploy -e dev');
    expect(refused.hint).toContain('slipway abort');
    const waiting: string[] = [];
    other.on((event) => {
      if (event.kind === 'waiting-for-lock') waiting.push(event.holder.holder.command);
    });
    const second = await other.deploy({ waitForLockMs: 20_000 });
    expect(waiting).toEqual(['slipway deploy -e dev']);
    // It planned after the first one was done, so nothing was left to do.
    expect(second).toMatchObject({ status: 'completed', steps: [] });
    expect((await done).status).toBe('completed');
  });

  it('of who waits at a question is freed there alone, and no deployment of before is named for it', async () => {
    const { play } = await slowShop();
    const [session, other] = [await play.open(), await play.open()];
    const answer = Promise.withResolvers<boolean>();
    const asked = Promise.withResolvers<void>();
    const confirm = () => {
      asked.resolve();
      return answer.promise;
    };
    const done = refusal(session.deploy({ confirm }), 'not-confirmed');
    await asked.promise;
    const refused = await refusal(other.deploy(), 'lock-held');
    expect(refused.hint).toContain(
      `waits for the answer to a question. Answer there, or end process ${process.pid} on`,
    );
    expect(refused.hint).not.toContain('slipway abort');
    expect(await other.control('abort')).toMatchObject({ running: false, heldBy: { holder: { pid: process.pid } } });
    answer.resolve(false);
    await done;
    expect(await other.control('abort')).not.toHaveProperty('heldBy');
  });

  it('is taken over from a process that is gone, and the journal says so', async () => {
    const play = await playground();
    await play.deploy(chain(1));
    const { pid } = spawnSync('true');
    const start = processStart(process.pid)!.replace(/\d+$/, '1');
    const store = await openSqliteStore({
      file: join(play.directory, '.slipway/state.db'),
      key: await readKey(join(play.directory, '.slipway')),
    });
    const gone = { id: 'x', host: hostname(), pid, processStart: start, user: 'eve', command: 'deploy', since: 'then' };
    await store.acquireLock('dev', gone, 600_000);
    expect((await play.deploy(chain(2))).status).toBe('completed');
    const events = await store.events({ environment: 'dev' });
    expect(events.find(({ type }) => type === 'lock.taken-over')!.data).toMatchObject({
      from: expect.stringContaining(`eve@${hostname()}, process ${pid}`),
      reason: 'its process is gone',
    });
    await store.close();
  });

  it('of another environment does not matter', async () => {
    const { play } = await slowShop();
    const environments = { dev: { platform: 'memory' }, other: { platform: 'memory' } };
    const { done } = await heldAt(play);
    await play.config({ ...chain(1), environments });
    expect((await play.session((slipway) => slipway.deploy(), 'other')).status).toBe('completed');
    await done;
  });
});

describe('a deployment that takes too long', () => {
  it('is stopped at its timeout, and taken back where the environment says so', async () => {
    const { play, before } = await slowShop(20_000);
    const report = await play.deploy(undefined, { timeoutMs: 150, onFailure: 'rollback' });
    expect(report).toMatchObject({ status: 'rolled_back', error: { code: 'deployment-timeout' } });
    const hints = [report.error!.hint, ...report.steps.map(({ error }) => error?.hint)];
    expect(hints.join(' ')).toContain('--timeout');
    expect(hints.join(' ')).not.toContain('resume');
    expect(await viewOf(play)).toEqual(before);
    const stopped = await play.deploy(undefined, { timeoutMs: 150, onFailure: 'stop' });
    expect(stopped).toMatchObject({ status: 'timed_out', error: { code: 'deployment-timeout' } });
    expect(stopped.error!.hint).toContain('slipway resume');
  });
});

describe('the failure policies', () => {
  const config = (value: number) => ({ resources: { ...chain(value).resources, free: thing(value) } });

  it('stop leaves what was done, continue goes on with what does not need it', async () => {
    const play = await playground();
    await play.deploy(config(1));
    play.fault = (one) => (one.call === 'update' && one.name === 'a' ? new SlipwayError('no', 'a fails') : undefined);
    const stopped = await play.deploy(config(2), { sequential: true, onFailure: 'stop' });
    expect(stopped).toMatchObject({ status: 'failed', error: { code: 'no' } });
    const going = await play.deploy(config(2), { onFailure: 'continue' });
    expect(going.status).toBe('failed');
    expect(Object.fromEntries(going.steps.map(({ id, status }) => [id, status]))).toMatchObject({
      'resource:a/update': 'failed',
      'resource:b/update': 'skipped',
      'resource:c/update': 'skipped',
    });
    expect([...play.world.things.values()].find(({ name }) => name === 'free')!.properties).toEqual({ value: 2 });
  });
});
