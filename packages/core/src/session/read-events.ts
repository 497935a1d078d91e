import type { JournalEvent } from '../journal/event.ts';
import type { EventQuery, Store } from '../journal/store.ts';

const PAGE = 10_000;

/** Every event that matches, oldest first, read page by page. */
export async function readAllEvents(store: Store, query: Omit<EventQuery, 'limit'>): Promise<JournalEvent[]> {
  const all: JournalEvent[] = [];
  for (let after = query.after ?? 0; ; ) {
    const page = await store.events({ ...query, after, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
    after = page.at(-1)!.seq;
  }
}
