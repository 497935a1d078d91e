import type { Address } from '../address.ts';
import type { ServiceSpec } from '../config/project.ts';
import type { JournalEvent } from '../journal/event.ts';
import type { JsonValue } from '../json.ts';

/** One migration that was run up and not down again. */
export interface MigrationDone {
  service: Address;
  /** The artifact that holds the migration and the way down. */
  artifact: string;
  spec: ServiceSpec;
  /** The level before it, as `status` printed it; null without `status`. */
  level: string | null;
}

/**
 * Reads from the journal, oldest first, which migrations have to be taken back, in the order they were run.
 * One that broke off counts when its `status` command can tell how far it came. Pure.
 */
export function migrationsDone(events: Iterable<JournalEvent>): MigrationDone[] {
  const begun = new Map<string, MigrationDone>();
  const done: MigrationDone[] = [];
  for (const event of events) {
    const match = /^(service:.+)\/(migrate|migrate-down(?:-\d+)?)$/.exec(event.step ?? '');
    if (!match) continue;
    const [, service, action] = match as unknown as [string, Address, string];
    const key = `${event.deployment} ${event.step}`;
    if (event.type === 'step.noted' && 'artifact' in event.data.note) {
      const { artifact, spec, level } = event.data.note as unknown as MigrationDone;
      const migration = { service, artifact, spec, level };
      begun.set(key, migration);
      // Counted from here on: a run that is killed or fails may have come a part of the way.
      if (spec.migrations?.status !== undefined) done.push(migration);
    } else if (event.type === 'step.succeeded' && action === 'migrate') {
      finish(begun.get(key), done, event.data.detail);
    } else if (event.type === 'step.succeeded') {
      const undone = done.findLastIndex((migration) => migration.service === service);
      if (undone >= 0) done.splice(undone, 1);
    }
  }
  return done;
}

/** A run that found nothing to migrate left the level as it was, so nothing has to go down. */
function finish(migration: MigrationDone | undefined, done: MigrationDone[], detail: JsonValue | undefined): void {
  if (!migration) return;
  const after = detail !== null && typeof detail === 'object' && !Array.isArray(detail) ? detail.after : undefined;
  const known = done.indexOf(migration);
  if (migration.level !== null && after === migration.level) {
    if (known >= 0) done.splice(known, 1);
  } else if (known < 0) done.push(migration);
}
