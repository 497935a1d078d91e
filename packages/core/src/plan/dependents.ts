import type { Address } from '../address.ts';
import type { State } from '../state/record.ts';

/** Who depends on what, as recorded: a deletion must wait for them. Addresses are those after the plan's renames. */
export interface Dependents {
  /** Nodes whose record says that they depend on this one. */
  of(address: Address): readonly Address[];
  /** True when the plan deletes the node altogether. */
  isDeleted(address: Address): boolean;
  /** True for a deleted node that nothing which stays depends on, directly or through other deleted ones. */
  goesAlone(address: Address): boolean;
}

/** Reads the recorded dependencies; `renamed` has the new address of what the plan moves. Linear. */
export function recordedDependents(
  state: State,
  isDeleted: (address: Address) => boolean,
  renamed: ReadonlyMap<Address, Address> = new Map(),
): Dependents {
  const now = (address: Address) => renamed.get(address) ?? address;
  const dependents = new Map<Address, Address[]>();
  for (const [address, record] of state) {
    for (const need of record.dependsOn) {
      const known = dependents.get(now(need));
      if (known) known.push(now(address));
      else dependents.set(now(need), [now(address)]);
    }
  }
  let needed: ReadonlySet<Address> | undefined;
  return {
    of: (address) => dependents.get(address) ?? [],
    isDeleted,
    goesAlone(address) {
      needed ??= deletedButNeeded(state, isDeleted);
      return isDeleted(address) && !needed.has(address);
    },
  };
}

/** Deleted nodes that something which stays depended on until now, directly or through other deleted ones. */
function deletedButNeeded(state: State, isDeleted: (address: Address) => boolean): Set<Address> {
  const needed = new Set<Address>();
  const pending = [...state.keys()].filter((address) => !isDeleted(address));
  for (let address = pending.pop(); address !== undefined; address = pending.pop()) {
    for (const need of state.get(address)?.dependsOn ?? []) {
      if (!isDeleted(need) || needed.has(need)) continue;
      needed.add(need);
      pending.push(need);
    }
  }
  return needed;
}
