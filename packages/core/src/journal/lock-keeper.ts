import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';
import { wakeTogether } from '../wake-together.ts';
import { livenessOf, processStart } from './process-identity.ts';
import type { LockHolder, LockState, Store } from './store.ts';

export interface EnvironmentLockOptions {
  store: Store;
  environment: string;
  /** What the holder does, for others who want the lock; no secrets. */
  command: string;
  /** How long the lock outlives a holder that vanished from another host. Default 15,000. */
  leaseMs?: number;
  /** How long to wait for a holder that lives. Default 0: refused at once. */
  waitMs?: number;
  /** Aborted: stop waiting; throws the signal's reason. */
  signal?: AbortSignal;
  /** Told when waiting begins, and again when another holder is in the way. */
  onWaiting?: (holder: LockState) => void;
}

/** An environment's lock while this process holds and renews it. */
export interface HeldLock {
  readonly epoch: number;
  readonly holder: LockHolder;
  /** Aborted with a SlipwayError `lock-lost` when another took over, or when the lease couldn't be renewed in time. */
  readonly lost: AbortSignal;
  /** Stops renewing and frees the lock. Safe to repeat, also after it was lost. */
  release(): Promise<void>;
}

const DEFAULT_LEASE_MS = 15_000;
const ASK_AGAIN_MS = 200;

/**
 * Takes an environment's lock and keeps it. The lock of a process of this host that is gone is taken over at
 * once; any other, when its lease has run out. A takeover is put down in the journal. Throws `lock-held`
 * when the holder lives longer than `waitMs`.
 */
export async function acquireEnvironmentLock(options: EnvironmentLockOptions): Promise<HeldLock> {
  const { store, environment, leaseMs = DEFAULT_LEASE_MS, waitMs = 0, signal } = options;
  const self = describeSelf(options.command);
  const deadline = performance.now() + waitMs;
  let inTheWay: number | undefined;
  for (;;) {
    signal?.throwIfAborted();
    // From when it has the lock, not from when it began to wait: what is said to its run is said after that.
    const holder = { ...self, since: new Date().toISOString() };
    let result = await store.acquireLock(environment, holder, leaseMs);
    let reason = 'its lease had run out';
    if (result.kind === 'held' && isDead(result.by.holder)) {
      reason = 'its process is gone';
      result = await store.acquireLock(environment, holder, leaseMs, { replacing: result.by.epoch });
    }
    if (result.kind === 'acquired') {
      const lock = keepLock(store, environment, { epoch: result.epoch, holder, leaseMs });
      if (result.tookOverFrom !== undefined) await noteTakeover(store, environment, lock, result.tookOverFrom, reason);
      return lock;
    }
    if (performance.now() >= deadline) throw lockHeld(result.by, await isDeploying(store, environment));
    if (inTheWay !== result.by.epoch) options.onWaiting?.(result.by);
    inTheWay = result.by.epoch;
    await delay(
      Math.min(ASK_AGAIN_MS, Math.max(1, deadline - performance.now())),
      undefined,
      signal && { signal },
    ).catch(() => signal?.throwIfAborted());
  }
}

/** Renews an acquired lock every third of its lease until it is released or lost. */
export function keepLock(
  store: Store,
  environment: string,
  lock: { epoch: number; holder: LockHolder; leaseMs: number },
): HeldLock {
  const { epoch, holder, leaseMs } = lock;
  const lost = new AbortController();
  let renewedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  const renew = async (): Promise<void> => {
    try {
      const asked = performance.now();
      if (await store.renewLock(environment, epoch, leaseMs)) renewedAt = asked;
      else lose('another run took it over');
    } catch {
      // The store may be back before the lease runs out.
      if (performance.now() - renewedAt >= leaseMs) lose('its lease could not be renewed in time');
    }
    schedule();
  };
  const schedule = (): void => {
    if (ended || lost.signal.aborted) return;
    // Unref: holding a lock is no reason to stay alive.
    timer = setTimeout(() => void renew(), wakeTogether(leaseMs / 3)).unref();
  };
  const lose = (why: string): void => {
    if (ended) return;
    const message = `The lock of ${environment} was lost: ${why}.`;
    lost.abort(new SlipwayError('lock-lost', message, { subject: environment, hint: 'See `slipway status`.' }));
  };
  schedule();

  return {
    epoch,
    holder,
    lost: lost.signal,
    async release() {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      await store.releaseLock(environment, epoch);
    },
  };
}

function describeSelf(command: string): LockHolder {
  return {
    id: randomUUID(),
    host: hostname(),
    pid: process.pid,
    processStart: processStart(process.pid),
    user: userName(),
    command,
    since: new Date().toISOString(),
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** Whether someone still holds it: its lease has not run out, and its process is not known to be gone. */
export function isHeld({ holder, expiresAt }: LockState): boolean {
  return Date.parse(expiresAt) > Date.now() && !isDead(holder);
}

function isDead(holder: LockHolder): boolean {
  return holder.host === hostname() && livenessOf(holder.pid, holder.processStart) === 'dead';
}

async function noteTakeover(
  store: Store,
  environment: string,
  lock: HeldLock,
  from: LockHolder,
  reason: string,
): Promise<void> {
  const data = { from: `${from.user}@${from.host}, process ${from.pid}: ${from.command}`, reason };
  try {
    const at = new Date().toISOString();
    await store.append(environment, lock.epoch, [{ type: 'lock.taken-over', deployment: null, step: null, at, data }]);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Whether a deployment of the environment has begun and not ended; else who holds the lock has begun nothing. */
export async function isDeploying(store: Store, environment: string): Promise<boolean> {
  const [newest] = await store.deployments({ environment, limit: 1 });
  return newest?.endedAt === null;
}

/** Why somebody else has to wait. `deploying`: what the holder does is a deployment that others can steer. */
export function lockHeld(lock: LockState, deploying: boolean): SlipwayError {
  const { environment, holder, expiresAt, epoch } = lock;
  const who = `${holder.user} on ${holder.host} (process ${holder.pid}, \`${holder.command}\`) since ${holder.since}`;
  const stop = deploying
    ? 'To stop it and take back what it did: `slipway abort`.'
    : `No deployment is under way: it plans, or waits for the answer to a question. Answer there, or end process ${holder.pid} on ${holder.host}.`;
  return new SlipwayError('lock-held', `The environment ${environment} is held by ${who}.`, {
    subject: environment,
    hint: `Try again when it is done, or wait for that with --wait; look with \`slipway status\`. ${stop} Its lease is renewed while it lives and runs out at ${expiresAt}.`,
    retryable: true,
    details: { epoch, expiresAt, holder },
  });
}
