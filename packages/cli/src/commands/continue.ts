import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { defineSteering } from '../steer.ts';

export function define(command: Command): void {
  defineSteering(command, 'continue', {
    running: (deployment) => `Asked ${deployment} to go on.`,
    idle: (deployment, slipway) =>
      `No process runs ${deployment}: it goes on here, as with ${slipway(`resume ${deployment}`)}`,
    instead: (over, deployment, slipway) =>
      over === 'failed' ? `Mend the cause and go on with it: ${slipway(`resume ${deployment}`)}` : undefined,
    takesUp: true,
    codeWhenIdle: exitCode.refused,
  });
}
