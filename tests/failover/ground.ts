import type { Runs } from '@slipway/provider-testkit';

/** Something that can be taken away in the middle of a rollout, and comes back, by itself or because somebody mends it. */
export interface Victim {
  name: string;
  hit(directory: string): Promise<void>;
  mend(): Promise<void>;
}

/** Where a project's services run while things are taken away. */
export interface Ground {
  platform: object | string;
  router?: object | string;
  runs: Runs;
  /** Besides the runner, which any ground has. */
  victims: readonly Victim[];
  /** What runs of the instances of a project of this name and folder, one entry each, as the machine itself tells. */
  instances(project: string, directory: string): string[];
  /** Ends what was opened. */
  close(): Promise<void>;
}

export type Where = 'local' | 'docker' | 'ssh';

/** Throws where the machine lacks what it takes. */
export async function openGround(where: Where, folder: string): Promise<Ground> {
  if (where === 'docker') return await (await import('./docker-ground.ts')).openDockerGround(folder);
  if (where === 'ssh') return await (await import('./fleet-ground.ts')).openFleetGround();
  return (await import('./local-ground.ts')).openLocalGround();
}
