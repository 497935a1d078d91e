import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { defineSteering } from '../steer.ts';

export function define(command: Command): void {
  defineSteering(command, 'pause', {
    running: (deployment, slipway) => `Asked ${deployment} to pause; go on with: ${slipway('continue')}`,
    idle: (deployment, slipway) =>
      `No process runs ${deployment}; it pauses when it is taken up. Go on with: ${slipway(`continue ${deployment}`)}`,
    takesUp: false,
    codeWhenIdle: exitCode.refused,
  });
}
