import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { baseEnvironment, isAlive, processStart } from '@slipway/core/provider';
import { agentLogFile, watcherFile } from './locations.ts';

const FIRST_DELAY_S = 0.5;
const LONGEST_DELAY_S = 30;
/** An agent that lived this long has not crashed at its start. */
const SETTLED_MS = 60_000;

/**
 * A shell that waits for the agent's end of a pipe to close, which the kernel does however the agent ends, and
 * then becomes the next agent: the router is back without anybody having to type a command.
 */
const WATCH = 'read -r _ <&3; exec 3<&-; sleep "$0"; exec "$@"';

export interface WatchOptions {
  state: string;
  /** How often in a row an agent was brought back; the delay doubles each time. */
  revived: number;
  /** What starts an agent: the program and its arguments, without `--revived`. */
  command: readonly string[];
}

/** Keeps a watch over this process until {@link Watch.dismiss}. */
export class Watch {
  readonly #options: WatchOptions;
  #watcher: ChildProcess;

  constructor(options: WatchOptions) {
    this.#options = options;
    endEarlier(options.state);
    this.#watcher = this.#post(options.revived);
    setTimeout(() => this.#relieve(), SETTLED_MS).unref();
  }

  /** The agent ends on purpose: nobody takes its place. Safe to repeat. */
  dismiss(): void {
    this.#watcher.kill('SIGKILL');
    rmSync(watcherFile(this.#options.state), { force: true });
  }

  /** From now on a crash counts as the first one. */
  #relieve(): void {
    if (this.#options.revived === 0 || this.#watcher.killed) return;
    this.dismiss();
    this.#watcher = this.#post(0);
  }

  #post(revived: number): ChildProcess {
    const { state, command } = this.#options;
    const delay = Math.min(FIRST_DELAY_S * 2 ** revived, LONGEST_DELAY_S);
    const log = openSync(agentLogFile(state), 'a', 0o600);
    try {
      const args = ['-c', WATCH, String(delay), ...command, '--revived', String(revived + 1)];
      const watcher = spawn('/bin/sh', args, {
        cwd: state,
        env: baseEnvironment(),
        detached: true,
        stdio: ['ignore', log, log, 'pipe'],
      });
      // Without a watcher a crash waits for the next command, as it would if the watcher were killed too.
      watcher.on('error', () => {});
      watcher.unref();
      remember(state, watcher.pid);
      (watcher.stdio[3] as unknown as { unref(): void } | null)?.unref();
      return watcher;
    } finally {
      closeSync(log);
    }
  }
}

function remember(state: string, pid: number | undefined): void {
  if (pid !== undefined)
    writeFileSync(watcherFile(state), JSON.stringify({ pid, start: processStart(pid) }), { mode: 0o600 });
}

/** The watcher of an agent that crashed, when a command was quicker than it: there is an agent again. */
function endEarlier(state: string): void {
  try {
    const { pid, start } = JSON.parse(readFileSync(watcherFile(state), 'utf8')) as {
      pid: number;
      start: string | null;
    };
    // Its whole group: killed alone, it would leave the delay that it waits for behind.
    if (pid !== process.pid && isAlive(pid, start)) process.kill(-pid, 'SIGKILL');
  } catch {
    // None was left, or it is gone.
  }
}
