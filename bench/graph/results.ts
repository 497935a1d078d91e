import type { Machine } from '../measure/machine.ts';
import { type Cost, medianCost } from '../measure/measure-process.ts';
import { OPERATIONS, type Operation } from './peer.ts';
import type { Shape } from './random-dag.ts';
import type { Round } from './run-round.ts';

/** The median of what one tool needed for one operation on one graph. */
export interface Result extends Cost {
  shape: Shape;
  size: number;
  peer: string;
  operation: Operation;
  runs: number;
}

/** What the bench prints as JSON. */
export interface GraphReport {
  version: 1;
  machine: Machine;
  seed: number;
  /** By name: its version, or why it was skipped. */
  peers: Record<string, { version: string } | { missing: string }>;
  results: Result[];
  /** What failed or took too long. */
  notes: string[];
}

/** One result for each operation that was measured. */
export function summarizeRounds(of: Pick<Result, 'shape' | 'size' | 'peer'>, rounds: readonly Round[]): Result[] {
  return OPERATIONS.flatMap((operation) => {
    const costs = rounds.map((round) => round.costs[operation]).filter((cost) => cost !== undefined);
    return costs.length === 0 ? [] : [{ ...of, operation, runs: costs.length, ...medianCost(costs) }];
  });
}

const TITLES: Record<Operation, string> = {
  plan: 'first plan',
  apply: 'apply',
  noop: 'no-op plan',
  change: 'one change, applied',
  destroy: 'destroy',
};

/** The results as Markdown: a table for each graph, then how Slipway grows with it. */
export function toMarkdown({ machine, peers, results, notes, seed }: GraphReport): string {
  const versions = Object.entries(peers).map(([name, one]) =>
    'version' in one ? `${name} ${one.version}` : `${name} skipped: ${one.missing}`,
  );
  const { cpu, cores, memoryGiB, system, node, at, load } = machine;
  return [
    `${at}; ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}; load before ${load} a core; seed ${seed}; ${versions.join('; ')}.`,
    'Each figure is the median of whole processes from cold: wall, user + system CPU, peak memory.',
    ...graphsIn(results).map((graph) => graphTable(graph, results)),
    ...(results.some((one) => one.peer === 'slipway' && one.size >= 10_000) ? [growthTable(results)] : []),
    ...notes,
  ].join('\n\n');
}

function graphsIn(results: readonly Result[]): { shape: Shape; size: number }[] {
  const graphs = new Map(results.map(({ shape, size }) => [`${shape} ${size}`, { shape, size }]));
  return [...graphs.values()];
}

function graphTable({ shape, size }: { shape: Shape; size: number }, results: readonly Result[]): string {
  const here = results.filter((one) => one.shape === shape && one.size === size);
  const peers = [...new Set(here.map((one) => one.peer))];
  const rows = OPERATIONS.map((operation) => {
    const row = here.filter((one) => one.operation === operation);
    const own = row.find((one) => one.peer === 'slipway');
    return [
      TITLES[operation],
      ...peers.map((peer) =>
        cell(
          row.find((one) => one.peer === peer),
          own,
        ),
      ),
    ];
  });
  return `### ${shape}, ${size.toLocaleString('en-US')} nodes\n\n${table(['', ...peers], rows)}`;
}

/** `1.20 s, 1.31 s CPU, 140 MB (5 runs)`, and how many times ours a peer's wall time is. */
function cell(result: Result | undefined, own: Result | undefined): string {
  if (!result) return '-';
  const { wallMs, cpuMs, peakBytes, runs } = result;
  const ratio = own && own !== result ? `**x ${(wallMs / own.wallMs).toFixed(1)}** ` : '';
  return `${ratio}${seconds(wallMs)}, ${seconds(cpuMs)} CPU, ${Math.round(peakBytes / 1e6)} MB (${runs})`;
}

/** How much more Slipway takes for a graph ten times as large, and for a deep one of the same size. */
function growthTable(results: readonly Result[]): string {
  const own = results.filter((one) => one.peer === 'slipway');
  const find = (shape: Shape, size: number, operation: Operation) =>
    own.find((one) => one.shape === shape && one.size === size && one.operation === operation);
  const compare = (larger: Result | undefined, smaller: Result | undefined) =>
    larger && smaller
      ? `${times(larger.wallMs, smaller.wallMs)}, ${times(larger.cpuMs, smaller.cpuMs)} CPU, ${times(larger.peakBytes, smaller.peakBytes)} memory`
      : '-';
  const rows = OPERATIONS.map((operation) => [
    TITLES[operation],
    compare(find('groups', 100_000, operation), find('groups', 10_000, operation)),
    compare(find('deep', 100_000, operation), find('deep', 10_000, operation)),
    compare(find('deep', 10_000, operation), find('groups', 10_000, operation)),
  ]);
  const head = ['', '100,000 over 10,000, groups', '100,000 over 10,000, deep', 'deep over groups, 10,000'];
  return `### How Slipway grows\n\n${table(head, rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return lines.join('\n');
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
const times = (a: number, b: number) => `x ${(a / b).toFixed(1)}`;
