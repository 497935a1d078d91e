import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { acquireEnvironmentLock, type HeldLock } from '../../src/journal/lock-keeper.ts';
import { processStart } from '../../src/journal/process-identity.ts';
import { openSqliteStore } from '../../src/journal/sqlite/open-sqlite-store.ts';
import type { LockHolder, LockState, Store } from '../../src/journal/store.ts';
import { KEY, temporaryDirectory } from './places.ts';

async function freshStore(): Promise<Store> {
  const store = await openSqliteStore({ file: `${await temporaryDirectory()}/state.db`, key: KEY });
  onTestFinished(() => store.close());
  return store;
}

function holderOf(pid: number, start: string | null, host = hostname()): LockHolder {
  return { id: 'x', host, pid, processStart: start, user: 'ann', command: 'deploy -e dev', since: '2026-01-01' };
}

const take = (store: Store, more: Partial<Parameters<typeof acquireEnvironmentLock>[0]> = {}): Promise<HeldLock> =>
  acquireEnvironmentLock({ store, environment: 'dev', command: 'deploy', ...more });

/** The pid and start of a process that is gone. */
async function deadProcess(): Promise<[pid: number, start: string]> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const start = processStart(child.pid ?? 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  if (start === null) throw new Error('no start time');
  return [child.pid ?? 0, start];
}

it('holds the lock until it is released', async () => {
  const store = await freshStore();
  const lock = await take(store);
  expect(await store.readLock('dev')).toMatchObject({
    epoch: 1,
    holder: { pid: process.pid, host: hostname(), processStart: processStart(process.pid), command: 'deploy' },
  });
  await lock.release();
  await lock.release();
  expect(await store.readLock('dev')).toBeUndefined();
  expect((await take(store)).epoch).toBe(2);
  expect(await store.events({ environment: 'dev' })).toEqual([]);
});

it('refuses at once when a living process holds it, and says who', async () => {
  const store = await freshStore();
  await store.acquireLock('dev', holderOf(process.pid, processStart(process.pid)), 60_000);
  const error = await take(store).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'lock-held', subject: 'dev', retryable: true });
  const { message, hint } = error as { message: string; hint: string };
  for (const part of ['ann', hostname(), `${process.pid}`, 'deploy -e dev', '2026-01-01']) {
    expect(message).toContain(part);
  }
  expect(hint).toContain('--wait');
});

it('takes over at once from a process of this host that is gone, and puts it down', async () => {
  const store = await freshStore();
  await store.acquireLock('dev', holderOf(...(await deadProcess())), 60_000);
  const lock = await take(store);
  expect(lock.epoch).toBe(2);
  const [event] = await store.events({ environment: 'dev' });
  expect(event).toMatchObject({ type: 'lock.taken-over', epoch: 2, data: { reason: 'its process is gone' } });
  expect(JSON.stringify(event?.data)).toContain('ann');
});

it('takes over when another process got the pid', async () => {
  const store = await freshStore();
  const [, start] = await deadProcess();
  await store.acquireLock('dev', holderOf(process.pid, start), 60_000);
  expect((await take(store)).epoch).toBe(2);
});

it('does not judge processes of other hosts, boots or containers: their lease decides', async () => {
  const store = await freshStore();
  const [pid, start] = await deadProcess();
  await store.acquireLock('dev', holderOf(pid, start, 'elsewhere'), 400);
  await expect(take(store)).rejects.toMatchObject({ code: 'lock-held' });
  const waiting: LockState[] = [];
  const lock = await take(store, { waitMs: 10_000, onWaiting: (holder) => waiting.push(holder) });
  expect(lock.epoch).toBe(2);
  expect(waiting).toHaveLength(1);
  expect(waiting[0]?.holder.host).toBe('elsewhere');
  await lock.release();
  await store.acquireLock('prod', holderOf(pid, start.replace(/^./, 'z')), 60_000);
  await expect(take(store, { environment: 'prod' })).rejects.toMatchObject({ code: 'lock-held' });
});

it('waits until the lock is free, gives up in time, and stops when it is told to', async () => {
  const store = await freshStore();
  const first = await take(store);
  const second = take(store, { waitMs: 10_000 });
  await delay(50);
  await first.release();
  const held = await second;
  expect(held.epoch).toBe(2);
  await expect(take(store, { waitMs: 50 })).rejects.toMatchObject({ code: 'lock-held' });
  const stop = new AbortController();
  const third = take(store, { waitMs: 10_000, signal: stop.signal });
  stop.abort(new Error('stopped'));
  await expect(third).rejects.toThrow('stopped');
  expect((await store.readLock('dev'))?.epoch).toBe(2);
});

it('renews its lease for as long as it is held', async () => {
  const store = await freshStore();
  const lock = await take(store, { leaseMs: 300 });
  await delay(900);
  expect(lock.lost.aborted).toBe(false);
  const other = await store.acquireLock('dev', holderOf(1, null, 'elsewhere'), 1_000);
  expect(other).toMatchObject({ kind: 'held', by: { epoch: 1 } });
  await lock.release();
});

it('says that it was lost when another took over', async () => {
  const store = await freshStore();
  const lock = await take(store, { leaseMs: 150 });
  await store.acquireLock('dev', holderOf(1, null), 60_000, { replacing: 1 });
  await once(lock.lost, 'abort');
  expect(lock.lost.reason).toMatchObject({ code: 'lock-lost', subject: 'dev' });
  await lock.release();
  expect(await store.readLock('dev')).toMatchObject({ epoch: 2 });
});

it('says that it was lost when the lease could not be renewed in time', async () => {
  const store = await freshStore();
  const lock = await take(store, { leaseMs: 150 });
  await store.close();
  await once(lock.lost, 'abort');
  expect(lock.lost.reason).toMatchObject({ code: 'lock-lost' });
});
