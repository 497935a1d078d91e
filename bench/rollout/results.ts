import type { Machine } from '../measure/machine.ts';
import { median } from '../measure/measure-process.ts';

/** Latencies in ms by when the request began; `after` is also what lies between the two redeployments. */
export interface Phases {
  before: number[];
  during: number[];
  after: number[];
}

/** Two redeployments under load. */
export interface Round {
  peer: string;
  requests: number;
  failed: number;
  /** Of each redeployment, in ms. */
  durations: number[];
  phases: Phases;
}

export interface RolloutReport {
  version: 1;
  machine: Machine;
  /** By name: its version, or why it was skipped. */
  peers: Record<string, { version: string } | { missing: string }>;
  rounds: Round[];
}

/** The rounds as Markdown: sums of requests, medians of the rest. */
export function toMarkdown({ machine, peers, rounds }: RolloutReport): string {
  const versions = Object.entries(peers).map(([name, one]) =>
    'version' in one ? `${name} ${one.version}` : `${name} skipped: ${one.missing}`,
  );
  const { cpu, cores, memoryGiB, system, node, at, load } = machine;
  const lines = Object.keys(peers).flatMap((peer) => {
    const own = rounds.filter((round) => round.peer === peer);
    return own.length === 0 ? [] : [row(peer, own)];
  });
  return [
    `${at}; ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}; load before ${load} a core; ${versions.join('; ')}.`,
    '',
    '| | failed | of requests | redeployment | p99 before | p99 during | p99 after |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function row(peer: string, rounds: readonly Round[]): string {
  const sum = (of: (round: Round) => number) => rounds.reduce((all, round) => all + of(round), 0);
  const p99 = (phase: keyof Phases) =>
    `${median(rounds.map((round) => percentile(round.phases[phase], 99))).toFixed(1)} ms`;
  const duration = median(rounds.flatMap((round) => round.durations)) / 1_000;
  const cells = [
    sum((round) => round.failed).toLocaleString('en-US'),
    sum((round) => round.requests).toLocaleString('en-US'),
    `${duration.toFixed(2)} s`,
    p99('before'),
    p99('during'),
    p99('after'),
  ];
  return `| ${[`${peer} (${rounds.length})`, ...cells].join(' | ')} |`;
}

/** The nearest-rank percentile; NaN of nothing. */
function percentile(values: readonly number[], per: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((per / 100) * sorted.length) - 1)] ?? Number.NaN;
}
