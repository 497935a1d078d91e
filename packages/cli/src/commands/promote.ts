import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { defineSteering } from '../steer.ts';

export function define(command: Command): void {
  defineSteering(command, 'promote', {
    running: (deployment) =>
      `Asked ${deployment} to go on past every hold, pause and analysis; what watches it goes on.`,
    idle: (deployment, slipway) =>
      `No process runs ${deployment}: it goes on here, past every hold, pause and analysis, as with ${slipway(`resume ${deployment}`)}`,
    instead: (over, deployment, slipway) =>
      over === 'failed' ? `Mend the cause and go on with it: ${slipway(`resume ${deployment}`)}` : undefined,
    takesUp: true,
    codeWhenIdle: exitCode.refused,
  });
}
