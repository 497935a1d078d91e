import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { defineSteering } from '../steer.ts';

export function define(command: Command): void {
  defineSteering(command, 'promote', {
    running: (deployment) => `Asked ${deployment} to end its hold and move on.`,
    idle: (deployment, slipway) => `No process runs ${deployment}. Go on with: ${slipway(`resume ${deployment}`)}`,
    codeWhenIdle: exitCode.refused,
  });
}
