import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const bin = join(import.meta.dirname, '../../packages/cli/bin/slipway.js');
const killSwitch = pathToFileURL(join(import.meta.dirname, 'kill-switch.ts')).href;
/** Nothing here takes that long; a command that does is stuck, which is a finding. */
const STUCK_AFTER_MS = 120_000;

/**
 * When a command is ended with SIGKILL. `commit`: right before or after the n-th durable write of the state,
 * counted over all commands of one operation. `instant`: so long after its start.
 */
export type Kill = { kind: 'commit'; at: number; side: 'before' | 'after' } | { kind: 'instant'; afterMs: number };

export interface Ended {
  /** Null when a signal ended it. */
  code: number | null;
  killed: boolean;
  stdout: string;
  stderr: string;
  /** Durable writes so far, this command's included; undefined when an instant ended it. */
  commits: number | undefined;
  durationMs: number;
}

export interface Command {
  directory: string;
  args: readonly string[];
  kill?: Kill | undefined;
  /** Durable writes of the commands before. Default 0. */
  commits?: number;
  started?: (pid: number) => void;
}

/** Runs the real command line to its end, or to its death. Rejects only when it is stuck. */
export function runSlipway({ directory, args, kill, commits = 0, started }: Command): Promise<Ended> {
  const reportFile = join(directory, '.commits');
  rmSync(reportFile, { force: true });
  const at = kill?.kind === 'commit' ? { CRASH_AT: String(kill.at), CRASH_SIDE: kill.side } : {};
  const since = performance.now();
  const child = spawn(process.execPath, ['--import', killSwitch, bin, '-C', directory, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', CI: '1', CRASH_REPORT: reportFile, CRASH_COMMITS: String(commits), ...at },
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
        commits: counted,
        durationMs: performance.now() - since,
      });
    });
  });
}

/** What a person reads of a command that did other than expected. */
export function tellOf(args: readonly string[], { code, killed, stdout, stderr }: Ended): string {
  const how = killed ? 'was killed' : `ended with ${code}`;
  return `slipway ${args.join(' ')} ${how}\n${(stderr + stdout).trim().slice(-2_000)}`;
}
