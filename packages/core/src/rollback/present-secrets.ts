import type { Address } from '../address.ts';
import type { PlanWarning } from '../plan/plan.ts';
import type { SecretHashes, State, StateRecord } from '../state/record.ts';

/** The keyed hash of a secret as it is now; undefined when it can't be had any more. */
export type PresentSecret = (name: string) => string | undefined;

/**
 * A recorded state as it can be brought back: values of secrets aren't kept, so what is applied again gets the
 * present ones, and must be recorded with their hashes. Revisions keep theirs: those that run are as they were.
 */
export function withPresentSecrets(target: State, present: PresentSecret): State {
  return new Map([...target].map(([address, record]) => [address, withPresent(record, present)]));
}

/** Says which secrets were rotated since: a resource has the present value, and a revision that still runs its own. */
export function rotationWarnings(
  target: State,
  present: PresentSecret,
  selected: (address: Address) => boolean,
): PlanWarning[] {
  const rotated = (hashes: SecretHashes) =>
    Object.entries(hashes).flatMap(([name, hash]) => ((present(name) ?? hash) === hash ? [] : name));
  const warning = (subject: Address, message: string) => ({ code: 'not-reversible' as const, subject, message });
  return [...target.values()].flatMap((record) => {
    const { address } = record;
    if (!selected(address)) return [];
    if (record.kind === 'resource') {
      return rotated(record.secrets).map((name) =>
        warning(
          address,
          `${address}: the secret ${name} was rotated since; its old value isn't kept, so the present one stays.`,
        ),
      );
    }
    const serving = Object.values(record.revisions).filter(({ id }) => (record.weights[id] ?? 0) > 0);
    return serving.flatMap(({ id, secrets }) =>
      rotated(secrets).map((name) =>
        warning(
          address,
          `${address}: the secret ${name} was rotated since; instances of ${id} that still run have its old value, those that are started get the present one.`,
        ),
      ),
    );
  });
}

function withPresent(record: StateRecord, present: PresentSecret): StateRecord {
  if (record.kind !== 'resource' || Object.keys(record.secrets).length === 0) return record;
  const secrets = Object.fromEntries(
    Object.entries(record.secrets).map(([name, hash]) => [name, present(name) ?? hash]),
  );
  return { ...record, secrets };
}
