import type { Address } from '../address.ts';
import { findReferences } from '../config/references.ts';
import type { JsonValue } from '../json.ts';
import { addressOf } from '../plan/known-outputs.ts';
import type { State } from '../state/record.ts';

/**
 * Whether what stands at an address after a rollback is the thing that the snapshot had there: then what was
 * recorded of its outputs is still true. Something deleted is made anew and is another one.
 */
export function sameThings(
  current: State,
  target: State,
  selected: (address: Address) => boolean,
): (address: Address) => boolean {
  const tokens = new Set<string>();
  for (const record of current.values()) if (record.kind === 'resource') tokens.add(record.token);
  return (address) => {
    const then = target.get(address);
    if (then?.kind !== 'resource') return true;
    if (selected(address)) return tokens.has(then.token);
    const now = current.get(address);
    return now?.kind === 'resource' && now.token === then.token;
  };
}

/** True when values refer to something that is another thing now. */
export function refersToAnother(declared: JsonValue | undefined, isSameThing: (address: Address) => boolean): boolean {
  if (declared === undefined) return false;
  return findReferences(declared).some((reference) => {
    const address = addressOf(reference);
    return address !== undefined && !isSameThing(address);
  });
}
