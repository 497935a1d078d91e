import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { defineSteering } from '../steer.ts';

export function define(command: Command): void {
  defineSteering(command, 'cancel', {
    running: (deployment) => `Asked ${deployment} to stop; it can be resumed.`,
    idle: (deployment, slipway) =>
      `No process runs ${deployment}; there is nothing to stop. Finish it with: ${slipway(`resume ${deployment}`)}`,
    takesUp: false,
    codeWhenIdle: exitCode.done,
  });
}
