import { setTimeout as sleep } from 'node:timers/promises';
import { openSessions, type Watched } from './runtime/open-sessions.ts';

const LOOK_EVERY_MS = 50;

/** Waits until nothing is open to the revision, or the time is over. Throws the signal's reason. */
export async function waitUntilDrained(
  sockets: { statsSocket: string; masterSocket?: string },
  { drainMs, ...watched }: Watched & { drainMs: number },
  signal: AbortSignal,
): Promise<{ kind: 'drained' } | { kind: 'timed-out'; open: number }> {
  const deadline = Date.now() + drainMs;
  for (;;) {
    const open = await openSessions(sockets, watched, signal);
    if (open === 0) return { kind: 'drained' };
    if (Date.now() >= deadline) return { kind: 'timed-out', open };
    await sleep(Math.max(1, Math.min(LOOK_EVERY_MS, deadline - Date.now())), undefined, { signal });
  }
}
