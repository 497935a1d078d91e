import type { Runs } from '@slipway/provider-testkit';
import type { Part } from '../require.ts';

/** What an environment says of where its services run, and what is left there once they are gone. */
export interface Ground {
  platform: object | string;
  router?: object | string;
  /** What a process of the ground says of itself in its environment or arguments, besides the project's folder. */
  marks: readonly string[];
  /** Everything that the ground still runs for a project of this name. */
  strays(project: string): string[];
  dispose(): Promise<void>;
}

/** A platform and the router before it, as they are used together. */
export interface Pair {
  name: string;
  needs: readonly Part[];
  runs: Runs;
  prepare(): Promise<Ground>;
}

const nothing = { marks: [], strays: () => [], dispose: async () => {} };

export const PAIRS: readonly Pair[] = [
  { name: 'local', needs: [], runs: 'process', prepare: async () => ({ ...nothing, platform: 'local' }) },
];
