import type { Address } from '../address.ts';
import type { PlanWarning } from '../plan/plan.ts';
import type { State, StateRecord } from '../state/record.ts';

/** The keyed hash of a secret as it is now; undefined when it can't be had any more. */
export type PresentSecret = (name: string) => string | undefined;

/**
 * A recorded state as it can be brought back: values of secrets aren't kept, so what is applied again gets the
 * present ones, and must be recorded with their hashes. Revisions keep theirs: those that run are as they were.
 */
export function withPresentSecrets(target: State, present: PresentSecret): State {
  return new Map([...target].map(([address, record]) => [address, withPresent(record, present)]));
}

/** Says which secrets were rotated since, and stay so. */
export function rotationWarnings(
  target: State,
  present: PresentSecret,
  selected: (address: Address) => boolean,
): PlanWarning[] {
  return [...target.values()].flatMap((record) => {
    if (record.kind !== 'resource' || !selected(record.address)) return [];
    const rotated = Object.entries(record.secrets).filter(([name, hash]) => (present(name) ?? hash) !== hash);
    return rotated.map(([name]) => ({
      code: 'not-reversible' as const,
      subject: record.address,
      message: `${record.address}: the secret ${name} was rotated since; its old value isn't kept, so the present one stays.`,
    }));
  });
}

function withPresent(record: StateRecord, present: PresentSecret): StateRecord {
  if (record.kind !== 'resource' || Object.keys(record.secrets).length === 0) return record;
  const secrets = Object.fromEntries(
    Object.entries(record.secrets).map(([name, hash]) => [name, present(name) ?? hash]),
  );
  return { ...record, secrets };
}
