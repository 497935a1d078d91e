import { SlipwayError } from '../errors.ts';
import type { StepContext } from '../execute/handler.ts';
import type { Step } from '../plan/step.ts';
import type { RevisionRecord, ServiceRecord } from '../state/record.ts';

/** What is recorded of the step's service, if anything is. */
export function recordedService(step: Pick<Step, 'subject'>, context: StepContext): ServiceRecord | undefined {
  const record = context.record(step.subject);
  return record?.kind === 'service' ? record : undefined;
}

/** The same for steps that need it. Throws `record-missing`, before any effect. */
export function requireService(step: Pick<Step, 'subject'>, context: StepContext): ServiceRecord {
  const record = recordedService(step, context);
  if (record) return record;
  throw new SlipwayError('record-missing', `${step.subject} isn't recorded any more.`, {
    subject: step.subject,
    hint: 'Somebody removed it from the state. Plan again.',
    details: { effect: 'none' },
  });
}

/** A recorded revision of it. Throws `record-missing`, before any effect. */
export function requireRevision(record: ServiceRecord, id: string): RevisionRecord {
  const revision = record.revisions[id];
  if (revision) return revision;
  throw new SlipwayError('record-missing', `${record.address} has no revision ${id} any more.`, {
    subject: record.address,
    hint: 'Somebody changed the state. Plan again.',
    details: { effect: 'none' },
  });
}

/** The service with this revision among its own, in its place or new. */
export function withRevision(record: ServiceRecord, revision: RevisionRecord): ServiceRecord {
  return { ...record, revisions: { ...record.revisions, [revision.id]: revision } };
}

/** The revision with these instances; the usual one instance isn't written out. */
export function withSlots(revision: RevisionRecord, slots: readonly number[]): RevisionRecord {
  const { slots: _, ...rest } = revision;
  return slots.length === 1 && slots[0] === 0 ? rest : { ...rest, slots: [...slots] };
}
