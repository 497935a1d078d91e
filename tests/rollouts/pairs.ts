import { execFileSync } from 'node:child_process';
import type { Runs } from '@slipway/provider-testkit';
import { forgetImages } from '../forget-images.ts';
import type { Part } from '../require.ts';
import { startFleet } from './fleet.ts';

/** What an environment says of where its services run, and what is left there once they are gone. */
export interface Ground {
  platform: object | string;
  router?: object | string;
  /** What a process of the ground says of itself in its environment or arguments, besides the project's folder. */
  marks: readonly string[];
  /** Everything that the ground still runs for a project of this name. */
  strays(project: string): string[];
  /** Ends what was opened, and removes what is left of a project of this name on purpose. */
  dispose(project: string): Promise<void>;
}

/** A platform and the router before it, as they are used together. */
export interface Pair {
  name: string;
  needs: readonly Part[];
  runs: Runs;
  prepare(): Promise<Ground>;
}

const nothing = { marks: [], strays: () => [], dispose: async () => {} };
const containers = { marks: [], strays: containersOf, dispose: async (project: string) => forgetImages(project) };

export const PAIRS: readonly Pair[] = [
  { name: 'local', needs: [], runs: 'process', prepare: async () => ({ ...nothing, platform: 'local' }) },
  {
    name: 'docker behind haproxy',
    needs: ['docker', 'haproxy'],
    runs: 'image',
    prepare: async () => ({ ...containers, platform: 'docker', router: 'haproxy' }),
  },
  {
    name: 'docker behind the local router',
    needs: ['docker'],
    runs: 'image',
    prepare: async () => ({ ...containers, platform: 'docker', router: 'local' }),
  },
  { name: 'three hosts behind haproxy', needs: ['sshd', 'haproxy'], runs: 'process', prepare: startFleet },
];

/** Containers, running or not, that bear the project's name. */
function containersOf(project: string): string[] {
  const format = '{{.Names}} {{.Status}} {{.Labels}}';
  const listed = execFileSync('docker', ['ps', '--all', '--no-trunc', '--format', format], { encoding: 'utf8' });
  return listed.split('\n').filter((line) => line.includes(project));
}
