import type { JsonObject } from '../json.ts';
import type { Platform } from '../provider/contract.ts';
import { type RevisionRecord, type ServiceRecord, slotsOf } from '../state/record.ts';
import { slotsUpTo } from './instances.ts';

/** How many instances of a revision a platform has room for in an environment with these options. */
export function roomOn(platform: Platform | undefined, options: JsonObject): number {
  return platform?.instances?.(options).most ?? Number.POSITIVE_INFINITY;
}

/** The same for what is recorded on some platform: of another than the environment's the options say nothing. */
export function roomFor(
  record: Pick<ServiceRecord, 'platform'>,
  platform: Platform | undefined,
  options: JsonObject,
): number {
  return record.platform === platform?.name ? roomOn(platform, options) : Number.POSITIVE_INFINITY;
}

/**
 * A recorded service with no more instances of each revision than there is room for by now: hosts may have been taken
 * out since. As many as it had where there is room for them, else the first ones.
 */
export function withinRoom(record: ServiceRecord, most: number): ServiceRecord {
  if (beyondRoom(record, most).length === 0) return record;
  const revisions = Object.entries(record.revisions).map(([id, one]) => [id, revisionWithin(one, most)] as const);
  return { ...record, revisions: Object.fromEntries(revisions) };
}

/** Revisions that have instances for which there is no room any more. */
export function beyondRoom({ revisions }: Pick<ServiceRecord, 'revisions'>, most: number): RevisionRecord[] {
  return Object.values(revisions).filter((one) => slotsOf(one).some((slot) => slot >= most));
}

function revisionWithin(revision: RevisionRecord, most: number): RevisionRecord {
  const slots = slotsOf(revision);
  if (slots.every((slot) => slot < most)) return revision;
  const { slots: _, ...rest } = revision;
  const count = Math.min(slots.length, most);
  // Number 0 alone is what a revision has where nothing is said.
  return count === 1 ? rest : { ...rest, slots: slotsUpTo(count) };
}
