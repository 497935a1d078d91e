/**
 * What it costs that HAProxy counts how long answers take: the config that Slipway writes, with and without its table of
 * durations, before the same upstream under wrk. Rounds come in pairs, the order within a pair changing; told are the
 * medians, and that of the ratios of the pairs. CPU is HAProxy's own: what else runs changes it less than requests a second.
 *
 * Usage: node -C slipway-source bench/histogram.ts [--pairs 10] [--seconds 5] [--out FILE]
 * Needs HAProxy and wrk, and Linux. Progress goes to stderr, Markdown to stdout.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { type Balancer, startBalancer } from './histogram/balancer.ts';
import { describeMachine } from './measure/machine.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '5' },
    out: { type: 'string' },
  },
});
const machine = describeMachine();

/** One round of one of the two. */
interface Round {
  perSecond: number;
  /** Of HAProxy, in µs a request. */
  cpuUs: number;
  /** In ms. */
  p99: number;
  failed: number;
}

type Pair = Record<'with' | 'without', Round>;

const folder = mkdtempSync(join(tmpdir(), 'slipway-histogram-'));
const pairs: Pair[] = [];
const balancers: Balancer[] = [];
try {
  const upstream = await startBalancer('upstream', folder);
  balancers.push(upstream);
  for (const kind of ['with', 'without'] as const) balancers.push(await startBalancer(kind, folder, upstream.port));
  const [, first, second] = balancers as [Balancer, Balancer, Balancer];
  for (const balancer of [first, second]) await measure(balancer, 1);
  for (let number = 1; number <= Number(values.pairs); number++) {
    const turn = number % 2 === 0 ? [first, second] : [second, first];
    const pair: Partial<Record<Balancer['kind'], Round>> = {};
    for (const balancer of turn) pair[balancer.kind] = await measure(balancer, Number(values.seconds));
    pairs.push(pair as Pair);
    console.error(`pair ${number}: ${JSON.stringify(pair)}`);
  }
} finally {
  for (const { end } of balancers) await end();
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${toMarkdown()}\n`);
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify({ version: 1, machine, pairs }, null, 2)}\n`);

async function measure({ port, cpuMs }: Balancer, seconds: number): Promise<Round> {
  const before = cpuMs();
  const args = ['-t1', '-c32', `-d${seconds}s`, '--latency', `http://127.0.0.1:${port}/`];
  const { stdout } = await promisify(execFile)('wrk', args);
  const took = cpuMs() - before;
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
  const [, value = '0', unit = 'ms'] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1) ?? [];
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0),
    cpuUs: (took * 1000) / requests,
    p99: Number(value) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1),
    failed: [...socket, /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0].reduce<number>(
      (sum, count) => sum + Number(count),
      0,
    ),
  };
}

function toMarkdown(): string {
  const { at, cpu, cores, memoryGiB, system, node, load } = machine;
  const version = execFileSync('haproxy', ['-v'], { encoding: 'utf8' }).split(' ')[2];
  const cells = (name: string, of: (round: Round) => number, digits: number) => {
    const one = (kind: keyof Pair) => median(pairs.map((pair) => of(pair[kind]))).toFixed(digits);
    const ratios = pairs.map((pair) => of(pair.with) / of(pair.without)).toSorted((a, b) => a - b);
    const range = `${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}`;
    return `| ${name} | ${one('with')} | ${one('without')} | ${median(ratios).toFixed(3)} (${range}) |`;
  };
  return [
    `${at}; ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}, HAProxy ${version}; load before ${load} a core;`,
    `${pairs.length} pairs of ${values.seconds} s, ${pairs.reduce((sum, pair) => sum + pair.with.failed + pair.without.failed, 0)} requests failed.`,
    '',
    '| median | with | without | ratio (least to most) |',
    '| --- | --- | --- | --- |',
    cells('CPU of HAProxy a request, µs', ({ cpuUs }) => cpuUs, 1),
    cells('requests a second', ({ perSecond }) => perSecond, 0),
    cells('p99, ms', ({ p99 }) => p99, 2),
  ].join('\n');
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
