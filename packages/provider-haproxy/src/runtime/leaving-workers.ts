import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '@slipway/core/provider';
import { workers } from './tables.ts';

const MASTER_BUSY_MS = 2_000;

/**
 * The master and its workers of before a reload that haven't ended yet, by pid. A master that is taking a new config
 * answers in a moment; undefined: it is gone, and has no workers left, since they end with it.
 */
export async function leavingWorkers(
  masterSocket: string,
  signal: AbortSignal,
): Promise<{ master: number; old: number[] } | undefined> {
  const deadline = Date.now() + MASTER_BUSY_MS;
  for (;;) {
    try {
      return await workers(masterSocket, signal);
    } catch (error) {
      if (!(error instanceof SlipwayError && error.retryable)) throw error;
      if (Date.now() > deadline) return undefined;
      await sleep(50, undefined, { signal });
    }
  }
}
