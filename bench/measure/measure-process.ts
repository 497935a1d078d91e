import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What one process cost, its children that it waited for included, as the operating system counts it. */
export interface Cost {
  wallMs: number;
  /** User and system. */
  cpuMs: number;
  /** The largest process's, in bytes. */
  peakBytes: number;
}

export interface Command {
  file: string;
  args: readonly string[];
  cwd: string;
  env?: Readonly<Record<string, string>>;
  /** Killed after that. Default: it may take as long as it wants. */
  timeoutMs?: number;
}

const TIME = '/usr/bin/time';
const MOST_SHOWN = 2_000;

/**
 * Runs a command from outside and says what it cost. Its output goes into a file. Needs GNU time. Throws
 * when it fails, with the end of its output, and when it takes too long.
 */
export async function measureProcess(command: Command): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-measure-'));
  const [costs, output] = [join(folder, 'costs'), join(folder, 'output')];
  const sink = await open(output, 'w');
  try {
    const startedAt = performance.now();
    const child = spawn(TIME, ['-q', '-f', '%U %S %M', '-o', costs, command.file, ...command.args], {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ['ignore', sink.fd, sink.fd],
      // A group of its own, which can be killed as a whole.
      detached: true,
    });
    const { timeoutMs } = command;
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), timeoutMs);
    const [code] = (await once(child, 'exit')) as [number | null];
    clearTimeout(timer);
    const wallMs = performance.now() - startedAt;
    if (code === null) throw new Error(`was killed after ${Math.round(wallMs / 1_000)} s`);
    if (code !== 0) {
      const said = (await readFile(output, 'utf8')).slice(-MOST_SHOWN);
      throw new Error(`${command.file} ${command.args.join(' ')} ended with ${code}:\n${said}`);
    }
    const [user = 0, system = 0, peakKiB = 0] = (await readFile(costs, 'utf8')).trim().split(' ').map(Number);
    return { wallMs, cpuMs: (user + system) * 1_000, peakBytes: peakKiB * 1_024 };
  } finally {
    await sink.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each figure's own median. */
export function medianCost(costs: readonly Cost[]): Cost {
  const of = (figure: (cost: Cost) => number) => median(costs.map(figure));
  return { wallMs: of((one) => one.wallMs), cpuMs: of((one) => one.cpuMs), peakBytes: of((one) => one.peakBytes) };
}

/** The middle one, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
