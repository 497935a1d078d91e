import type { JsonValue } from '../json.ts';
import type { StateChange, StateRecord } from '../state/record.ts';
import type { JournalEntry, Redactor } from './journal.ts';

/**
 * Members that Slipway makes itself or takes from the names in the config: a secret can't get there, and a
 * short secret that happens to be part of one must not break what the journal is found by.
 */
const OWN_DATA: ReadonlySet<string> = new Set([
  'kind',
  'plan',
  'rollbackOf',
  'rollback',
  'status',
  'token',
  'as',
  'artifact',
]);
const OWN_IN_ERROR: ReadonlySet<string> = new Set(['code', 'subject']);
const OWN_IN_RECORD: ReadonlySet<string> = new Set([
  'kind',
  'address',
  'type',
  'platform',
  'dependsOn',
  'secrets',
  'replace',
  'token',
]);
const OWN_IN_REVISION: ReadonlySet<string> = new Set(['id', 'release', 'secrets', 'role']);

/** Takes secrets out of everything in an entry that comes from outside. Returns the same entry if there are none. */
export function redactEntry(entry: JournalEntry, redactor: Redactor): JournalEntry {
  const data = redactMembers(entry.data, OWN_DATA, redactor, (name, value) =>
    name === 'error' ? redactMembers(value as object, OWN_IN_ERROR, redactor) : redactor.value(value),
  );
  const changes = entry.changes === undefined ? undefined : redactEach(entry.changes, (c) => redactChange(c, redactor));
  if (data === entry.data && changes === entry.changes) return entry;
  return { ...entry, data, ...(changes === undefined ? {} : { changes }) } as JournalEntry;
}

function redactChange(change: StateChange, redactor: Redactor): StateChange {
  if (!('put' in change)) return change;
  const put = redactRecord(change.put, redactor);
  return put === change.put ? change : { put };
}

function redactRecord(record: StateRecord, redactor: Redactor): StateRecord {
  return redactMembers(record, OWN_IN_RECORD, redactor, (name, value) => {
    if (name !== 'revisions') return redactor.value(value);
    return redactMembers(value as object, new Set(), redactor, (_, revision) =>
      redactMembers(revision as object, OWN_IN_REVISION, redactor),
    );
  });
}

/** Redacts the members of an object that aren't Slipway's own. Returns the same object when nothing was found. */
function redactMembers<T extends object>(
  object: T,
  own: ReadonlySet<string>,
  redactor: Redactor,
  redact: (name: string, value: unknown) => unknown = (_, value) => redactor.value(value as JsonValue),
): T {
  let copy: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(object)) {
    if (own.has(name) || value === undefined) continue;
    const redacted = redact(name, value);
    if (redacted === value) continue;
    copy = { ...(copy ?? object), [name]: redacted };
  }
  return (copy as T | undefined) ?? object;
}

function redactEach<T>(items: readonly T[], redact: (item: T) => T): T[] {
  const redacted = items.map(redact);
  return redacted.every((item, index) => item === items[index]) ? (items as T[]) : redacted;
}
