import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { processStart, SlipwayError } from '@slipway/core/provider';
import { FAMILY_MARKER, type Leader } from './process-family.ts';

/**
 * The gate. The command runs only after a word on descriptor 3, which is given once its pid is durably
 * recorded. An agent that is killed before that closes the pipe, and the shell ends without having run
 * anything: there is never a process that nobody knows of.
 */
const GATE = 'read -r _ <&3 || exit 125; exec 3<&-; exec /bin/sh -c "$1"';

/** Words that a shell acts upon itself: `exec` can't run them. */
const SHELL_WORDS =
  /^(?:\.|:|\[|alias|break|builtin|case|cd|command|continue|declare|eval|exec|exit|export|for|function|hash|if|let|local|read|readonly|return|set|shift|source|test|time|times|trap|type|ulimit|umask|unset|until|wait|while)$/;

/**
 * A single command takes the shell's place, so that signals and the exit code are its own; not every
 * shell does that by itself. Anything with more shell in it is left as it is.
 */
export function withoutShell(command: string): string {
  const first = /^[\w./:@+-]+(?=\s|$)/.exec(command.trim())?.[0];
  const simple = first !== undefined && !/[;&|(){}`\n]/.test(command) && !SHELL_WORDS.test(first);
  return simple ? `exec ${command.trim()}` : command;
}

export interface LaunchRequest {
  /** Handed to `/bin/sh -c`. Visible to other processes. */
  command: string;
  cwd: string;
  /** The whole environment; nothing is inherited. */
  env: Record<string, string>;
  /** Unique for this launch. */
  marker: string;
  stdoutFile: string;
  stderrFile: string;
}

/**
 * Starts a command as leader of a session of its own, its output going straight to files, so that it
 * outlives its parent. `record` must make the leader durable before it returns; the command begins after that.
 * Throws `process-unstartable`.
 */
export async function launchProcess(
  request: LaunchRequest,
  record: (leader: Leader) => void,
): Promise<{ child: ChildProcess; leader: Leader }> {
  mkdirSync(dirname(request.stdoutFile), { recursive: true, mode: 0o700 });
  const stdout = openSync(request.stdoutFile, 'a', 0o600);
  const stderr = openSync(request.stderrFile, 'a', 0o600);
  let gate: Writable | undefined;
  try {
    const child = spawn('/bin/sh', ['-c', GATE, 'slipway', withoutShell(request.command)], {
      cwd: request.cwd,
      env: { ...request.env, [FAMILY_MARKER]: request.marker },
      detached: true,
      stdio: ['ignore', stdout, stderr, 'pipe'],
    });
    gate = child.stdio[3] as Writable;
    gate.on('error', () => {}); // It ended before the gate opened, which its exit tells.
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    const pid = child.pid as number;
    const start = processStart(pid);
    if (start === null) throw new Error('The process ended at once.');
    const leader = { pid, start, marker: request.marker };
    record(leader);
    gate.end('go\n');
    child.unref();
    return { child, leader };
  } catch (cause) {
    gate?.destroy();
    throw new SlipwayError('process-unstartable', `No process could be started in ${request.cwd}.`, {
      hint: 'Check that the folder exists, that the values fit an environment, and the limits of files and processes.',
      cause,
    });
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
}
