import type { RunningRevision } from '../provider/contract.ts';
import { activeRevision, type RevisionRecord, type ServiceRecord } from '../state/record.ts';
import type { Reason } from './change.ts';

const RUNNING = '1 instance';

/** The revisions that serve users: the active one and whatever has weight. One on standby is not among them. */
export function servingRevisions(record: ServiceRecord): RevisionRecord[] {
  return Object.values(record.revisions).filter(({ id, role }) => role === 'active' || (record.weights[id] ?? 0) > 0);
}

/**
 * Where what serves users isn't as recorded: it doesn't run, or the router gives it another weight. One that is
 * only starting, or between two crashes, doesn't run. Empty when all is well. Pure.
 */
export function outageReasons(record: ServiceRecord, running: readonly RunningRevision[]): Reason[] {
  const active = activeRevision(record);
  return servingRevisions(record).flatMap(({ id }): Reason[] => {
    const found = running.find(({ revision }) => revision === id);
    if (found?.state !== 'running') {
      const path = id === active?.id ? 'running' : `running.${id}`;
      return [{ path, before: wordFor(found), after: RUNNING, replaces: false }];
    }
    const weight = record.weights[id] ?? 0;
    if (found.weight === undefined || found.weight === weight) return [];
    return [{ path: `weights.${id}`, before: found.weight, after: weight, replaces: false }];
  });
}

function wordFor(found: RunningRevision | undefined): string {
  return found === undefined || found.state === 'stopped' ? 'not running' : found.state;
}
