import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const bin = join(import.meta.dirname, '../../packages/cli/bin/slipway.js');
const killSwitch = pathToFileURL(join(import.meta.dirname, 'kill-switch.ts')).href;
/** Nothing here takes that long; a command that does is stuck, which is a finding. */
const STUCK_AFTER_MS = 120_000;

/**
 * When a command is ended with SIGKILL: right before or after a durable write of the state, or so long after
 * its start. `of: 'progress'`: the n-th write that brings the operation nearer to its end, counted over all of its
 * commands. `of: 'other'`: the n-th of the other writes of this command, which each command makes anew.
 */
export type Kill =
  | { kind: 'write'; of: 'progress' | 'other'; at: number; side: 'before' | 'after' }
  | { kind: 'instant'; afterMs: number };

export interface Ended {
  /** Null when a signal ended it. */
  code: number | null;
  killed: boolean;
  stdout: string;
  stderr: string;
  /** Writes that were progress so far, this command's included; undefined when an instant ended it. */
  writes: number | undefined;
  durationMs: number;
}

export interface Command {
  directory: string;
  args: readonly string[];
  kill?: Kill | undefined;
  /** Writes of the commands before that were progress. Default 0. */
  writes?: number;
  started?: (pid: number) => void;
}

/** Runs the real command line to its end, or to its death. Rejects only when it is stuck. */
export function runSlipway({ directory, args, kill, writes = 0, started }: Command): Promise<Ended> {
  const reportFile = join(directory, '.writes');
  rmSync(reportFile, { force: true });
  const at = kill?.kind === 'write' ? { CRASH_OF: kill.of, CRASH_AT: String(kill.at), CRASH_SIDE: kill.side } : {};
  const since = performance.now();
  const child = spawn(process.execPath, ['--import', killSwitch, bin, '-C', directory, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', CI: '1', CRASH_REPORT: reportFile, CRASH_PROGRESS: String(writes), ...at },
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      said[stream] += chunk.toString();
    });
  }
  if (child.pid !== undefined) started?.(child.pid);
  return new Promise((resolve, reject) => {
    const stuck = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`slipway ${args.join(' ')} was stuck for ${STUCK_AFTER_MS / 1000} s: ${said.stderr}`));
    }, STUCK_AFTER_MS);
    const killing = kill?.kind === 'instant' ? setTimeout(() => child.kill('SIGKILL'), kill.afterMs) : undefined;
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(stuck);
      clearTimeout(killing);
      const counted = existsSync(reportFile) ? Number(readFileSync(reportFile, 'utf8')) : undefined;
      resolve({
        code,
        killed: signal === 'SIGKILL',
        ...said,
        writes: counted,
        durationMs: performance.now() - since,
      });
    });
  });
}

/** What a person reads of a command that did other than expected. */
export function tellOf(args: readonly string[], { code, killed, stdout, stderr }: Ended): string {
  const how = killed ? 'was killed' : `ended with ${code}`;
  return `slipway ${args.join(' ')} ${how}\n${(stdout + stderr).trim().slice(-2_000)}`;
}
