import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { defineSteering } from '../steer.ts';

export function define(command: Command): void {
  defineSteering(command, 'abort', {
    running: (deployment) => `Asked ${deployment} to stop and to take back what it did.`,
    idle: (deployment, slipway) => `No process runs ${deployment}. Take it back with: ${slipway('rollback')}`,
    codeWhenIdle: exitCode.refused,
  });
}
