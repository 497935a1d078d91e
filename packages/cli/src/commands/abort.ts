import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { defineSteering } from '../steer.ts';

export function define(command: Command): void {
  defineSteering(command, 'abort', {
    running: (deployment) => `Asked ${deployment} to stop and to take back what it did.`,
    idle: (deployment, slipway) =>
      `No process runs ${deployment}. What is left of it is taken back now; should nothing begin: ${slipway('rollback')}`,
    goingBack: (deployment) =>
      `${deployment} goes back already: there is nothing to abort. Where a pause holds it up, it goes on now.`,
    instead: (over, _, slipway, wentBack) =>
      wentBack || over === 'rolled_back' ? undefined : `To take back what it did: ${slipway('rollback')}`,
    takesUp: true,
    codeWhenIdle: exitCode.refused,
  });
}
