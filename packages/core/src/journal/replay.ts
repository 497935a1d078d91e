import type { Address } from '../address.ts';
import type { StateChange, StateRecord } from '../state/record.ts';
import type { JournalEvent } from './event.ts';

/** Applies changes in order to a recorded world. */
export function applyChanges(state: Map<Address, StateRecord>, changes: readonly StateChange[]): void {
  for (const change of changes) {
    if ('put' in change) state.set(change.put.address, change.put);
    else state.delete(change.remove);
  }
}

/**
 * The recorded world that a journal gives: a fold over its events, oldest first. `from` is the world before
 * the first of them (default: empty) and stays as it is.
 */
export function replayState(
  events: Iterable<Pick<JournalEvent, 'changes'>>,
  from: ReadonlyMap<Address, StateRecord> = new Map(),
): Map<Address, StateRecord> {
  const state = new Map(from);
  for (const event of events) {
    if (event.changes !== undefined) applyChanges(state, event.changes);
  }
  return state;
}
