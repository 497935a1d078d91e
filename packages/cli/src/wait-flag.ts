import type { Command } from 'commander';
import { parseDuration } from './arguments.ts';

export interface WaitFlag {
  /** True when the flag was given without a duration. */
  wait?: number | true;
}

const DEFAULT_WAIT_MS = 600_000;

/** Adds `--wait [duration]`: patience with a held lock and, without a terminal, with people. */
export function addWaitFlag(command: Command): Command {
  return command.option(
    '--wait [duration]',
    'wait for a held lock (10m when no duration is given), and for people also without a terminal',
    parseDuration,
  );
}

/** Whether a run without a terminal waits for people too, instead of ending with exit code 4. */
export function waitsForPeople({ wait }: WaitFlag): boolean {
  return wait !== undefined;
}

/** In ms; 0 without the flag. */
export function waitOf({ wait }: WaitFlag): number {
  return wait === undefined ? 0 : wait === true ? DEFAULT_WAIT_MS : wait;
}
