import type { RunningRevision } from '../provider/contract.ts';
import { activeRevision, type RevisionRecord, type ServiceRecord, slotsOf } from '../state/record.ts';
import type { Reason } from './change.ts';
import { sameWeight } from './same-weights.ts';

/** The revisions that serve users: the active one and whatever has weight or a route. One on standby is not among them. */
export function servingRevisions(record: ServiceRecord): RevisionRecord[] {
  const routed = new Set(record.routes?.map(({ revision }) => revision));
  return Object.values(record.revisions).filter(
    ({ id, role }) => role === 'active' || (record.weights[id] ?? 0) > 0 || routed.has(id),
  );
}

/**
 * Where what serves users isn't as recorded: it doesn't run, or the router gives it another weight. One that is
 * only starting, or between two crashes, doesn't run. Empty when all is well. Pure.
 */
export function outageReasons(record: ServiceRecord, running: readonly RunningRevision[]): Reason[] {
  const active = activeRevision(record);
  return servingRevisions(record).flatMap((serving): Reason[] => {
    const { id } = serving;
    const found = running.find(({ revision }) => revision === id);
    const slots = slotsOf(serving);
    const there = found?.slots ?? (found ? [0] : []);
    const missing = slots.filter((slot) => !there.includes(slot));
    if (slots.length > 0 && (found?.state !== 'running' || missing.length > 0)) {
      const path = id === active?.id ? 'running' : `running.${id}`;
      const before = found?.state === 'running' ? instances(slots.length - missing.length) : wordFor(found);
      return [{ path, before, after: instances(slots.length), replaces: false }];
    }
    if (!found) return [];
    const weight = record.weights[id] ?? 0;
    if (found.weight === undefined || sameWeight(found.weight, weight)) return [];
    return [{ path: `weights.${id}`, before: found.weight, after: weight, replaces: false }];
  });
}

function instances(count: number): string {
  return count === 1 ? '1 instance' : `${count} instances`;
}

function wordFor(found: RunningRevision | undefined): string {
  return found === undefined || found.state === 'stopped' ? 'not running' : found.state;
}
