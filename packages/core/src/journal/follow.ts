import { setTimeout as delay } from 'node:timers/promises';
import type { JournalEvent } from './event.ts';
import type { EventQuery, Store } from './store.ts';

const POLL_MS = 200;
const AT_ONCE = 1_000;

/**
 * All events that match, from `query.after` on, then new ones as they are written, by whatever process; ends
 * when the signal is aborted. In order within each environment. Who reads slowly is not pushed: what comes
 * next is read when it is asked for.
 */
export async function* followEvents(
  store: Store,
  query: Omit<EventQuery, 'limit'>,
  signal?: AbortSignal,
): AsyncGenerator<JournalEvent, void, undefined> {
  const newest = new Map<string, number>();
  while (!isAborted(signal)) {
    let found = 0;
    for (const part of await chainsOf(store, query)) {
      const key = part.environment ?? '';
      const events = await store.events({ ...part, after: newest.get(key) ?? query.after ?? 0, limit: AT_ONCE });
      for (const event of events) {
        if (isAborted(signal)) return;
        newest.set(key, event.seq);
        yield event;
      }
      found = Math.max(found, events.length);
    }
    if (found === AT_ONCE) continue;
    await delay(POLL_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}

/** Sequence numbers count within one environment, so each is followed by itself. A deployment has one only. */
async function chainsOf(store: Store, query: Omit<EventQuery, 'limit'>): Promise<Omit<EventQuery, 'limit'>[]> {
  if (query.environment !== undefined || query.deployment !== undefined) return [query];
  return (await store.environments()).map((environment) => ({ ...query, environment }));
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
