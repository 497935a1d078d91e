import type { Address } from '../address.ts';
import type { JsonValue } from '../json.ts';

export type ChangeAction = 'create' | 'update' | 'replace' | 'delete' | 'none';

/** Stands in a plan for a value that only the run can know. */
export const KNOWN_AFTER_APPLY = '(known after apply)';

/** Why one property makes a change. Secrets show as `${secret:NAME}` and `(secret changed)`. */
export interface Reason {
  /** Dotted path: `properties.content`, `type`, `tags.team`, `dependsOn`, `source`, `build`, … */
  path: string;
  before: JsonValue;
  after: JsonValue;
  /** This property can't be changed in place. */
  replaces: boolean;
}

/** What a plan will do to one node, and why. */
export interface Change {
  address: Address;
  type: string;
  action: ChangeAction;
  reasons: Reason[];
  /** The address that it is recorded under until now. */
  movedFrom?: Address;
}
