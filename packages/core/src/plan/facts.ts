import type { Address } from '../address.ts';
import type { RouterProblem, RunningRevision } from '../provider/contract.ts';

/** Services whose router could not be asked how it distributes. `why`: for people, redacted. */
export interface UnseenWeights {
  router: string;
  why: string;
  services: readonly Address[];
}

/** What was found outside before planning: input of the planner, which looks at nothing itself. */
export interface Facts {
  /** By service name, what runs on the environment's platform; undefined when it was not or could not be asked. */
  running: ReadonlyMap<string, readonly RunningRevision[]> | undefined;
  /** Why the platform could not be asked. */
  unseen?: string;
  /** Taken to have their weights as recorded. Absent: none. */
  unseenWeights?: readonly UnseenWeights[];
  /** Services whose port somebody else has, with that one for people, or null when it can't be told. */
  takenPorts: ReadonlyMap<Address, string | null>;
  /** How many requests their routers counted, of services whose rollouts are judged by that and that could be asked. */
  visits?: ReadonlyMap<Address, number>;
  /** What keeps the environment's router from its work. Absent: nothing that could be seen. */
  routerProblems?: readonly RouterProblem[];
  /** The config file, where only what changed is selected and the config changed too. */
  changedConfig?: string;
}
