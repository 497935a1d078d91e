import type { ProjectInput } from './project-input.ts';

export type * from './project-input.ts';

/**
 * Gives `slipway.config.ts` its types: `export default defineProject({…})`. Returns what it is given and
 * loads nothing.
 */
export function defineProject(config: ProjectInput): ProjectInput {
  return config;
}
