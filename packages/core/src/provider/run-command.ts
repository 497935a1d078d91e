import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { SlipwayError } from '../errors.ts';

/** How long a command may take to end after SIGTERM before SIGKILL. */
export const STOP_GRACE_MS = 5_000;
const STDOUT_LIMIT = 1024 * 1024;
const TAIL_LINES = 40;

/**
 * The leash. A watcher in the command's process group waits for the pipe on descriptor 3 to close, which
 * the kernel does even when Slipway is killed with SIGKILL, and then ends the whole group: a command never
 * outlives the run that started it, and neither does what it left in the background.
 */
const LEASH = `{ trap '' TERM INT HUP; read -r _ <&3; kill -s KILL -- -$$; } >/dev/null 2>&1 & exec 3<&-; `;
/** A script for the shell goes through the environment: process arguments can be read by every user. */
const BY_ENVIRONMENT = 'slipway_script=$SLIPWAY_SCRIPT; unset SLIPWAY_SCRIPT; eval "$slipway_script"';
const BY_ARGUMENTS = 'exec "$@"';

export interface Command {
  script: string;
  /**
   * Gets the script as its last argument, where other processes can see it. Default: `/bin/sh`, which gets it
   * out of sight.
   */
  interpreter?: readonly string[] | undefined;
  cwd: string;
  /** The whole environment; nothing is inherited. See {@link baseEnvironment}. */
  env: Readonly<Record<string, string>>;
  /** SIGTERM to the group when aborted, SIGKILL after {@link STOP_GRACE_MS}. */
  signal: AbortSignal;
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface CommandResult {
  /** Null when a signal ended it. */
  exitCode: number | null;
  endedBy: NodeJS.Signals | null;
  /** The first MiB. */
  stdout: string;
  /** The last 40 lines of both streams, as they came. */
  tail: string[];
}

/** What commands and services may see of the environment that Slipway was started in: no secrets of it. */
export function baseEnvironment(from: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'SHELL']) {
    const value = from[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/**
 * Runs a command in a process group of its own, on a leash, and resolves when the whole group is gone.
 * A non-zero exit code is a result; throws `command-unstartable` when it couldn't be started and
 * the signal's reason when it was aborted.
 */
export async function runCommand(command: Command): Promise<CommandResult> {
  command.signal.throwIfAborted();
  const { interpreter, script } = command;
  const args = interpreter
    ? [LEASH + BY_ARGUMENTS, 'slipway', ...interpreter, script]
    : [LEASH + BY_ENVIRONMENT, 'slipway'];
  const child = spawn('/bin/sh', ['-c', ...args], {
    cwd: command.cwd,
    env: interpreter ? { ...command.env } : { ...command.env, SLIPWAY_SCRIPT: script },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const leash = child.stdio[3] as Writable;
  leash.on('error', () => {});
  const output = collectOutput(child.stdout as Readable, child.stderr as Readable, command.onLine);
  const stop = stopGroupOnAbort(child.pid, command.signal);
  try {
    const ended = await new Promise<{ code: number | null; by: NodeJS.Signals | null }>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, by) => resolve({ code, by }));
    });
    leash.destroy();
    await output.ended;
    command.signal.throwIfAborted();
    return { exitCode: ended.code, endedBy: ended.by, stdout: output.stdout(), tail: output.tail };
  } catch (error) {
    if (command.signal.aborted) throw command.signal.reason;
    throw new SlipwayError('command-unstartable', `The command could not be started in ${command.cwd}.`, {
      hint: 'Check that the folder exists and that /bin/sh can be run.',
      details: { effect: 'none' },
      cause: error,
    });
  } finally {
    leash.destroy();
    stop();
  }
}

function collectOutput(stdout: Readable, stderr: Readable, onLine: Command['onLine']) {
  const tail: string[] = [];
  let kept = '';
  const follow = (stream: Readable, name: 'stdout' | 'stderr') =>
    new Promise<void>((resolve) => {
      const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
      lines.on('line', (line) => {
        tail.push(line);
        if (tail.length > TAIL_LINES) tail.shift();
        if (name === 'stdout' && kept.length < STDOUT_LIMIT) kept += `${line}\n`;
        onLine?.(line, name);
      });
      lines.once('close', resolve);
      stream.once('error', () => lines.close());
    });
  const ended = Promise.all([follow(stdout, 'stdout'), follow(stderr, 'stderr')]);
  return { tail, ended, stdout: () => kept };
}

/** Returns the way to call it off. */
function stopGroupOnAbort(pid: number | undefined, signal: AbortSignal): () => void {
  if (pid === undefined) return () => {};
  let killing: NodeJS.Timeout | undefined;
  const end = () => {
    signalGroup(pid, 'SIGTERM');
    killing = setTimeout(() => signalGroup(pid, 'SIGKILL'), STOP_GRACE_MS);
  };
  signal.addEventListener('abort', end, { once: true });
  return () => {
    signal.removeEventListener('abort', end);
    clearTimeout(killing);
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
