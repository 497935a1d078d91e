import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalEvent } from '@slipway/core';
import { cutsBeforeDrained } from './cuts.ts';
import { LastingSocket } from './lasting-socket.ts';
import { deploy, type Pace, type Phase, phasesAt } from './phases.ts';
import { Site } from './site.ts';
import { isWithinTolerance, type Split, splitsOf } from './split.ts';
import type { Ground } from './stand.ts';
import { startVisitors, type VisitorOptions, type VisitorReport } from './visitors.ts';

/** Of load on what a change left, before the next one. */
const AFTERWARDS_MS = 1_000;

export interface SoakOptions extends Pace {
  /** Changes are made again and again, all of them each time, until so many requests were sent. */
  requests: number;
  visitors: VisitorOptions;
  /** Besides the visitors, one WebSocket is kept for good, so that each drain lasts as long as it may. */
  lasting: boolean;
  /** Holds are too short for many requests: what few can tell of a split is enough. */
  few?: boolean;
}

/** What a change looked like from outside. */
export interface PhaseReport {
  phase: string;
  requests: number;
  failed: VisitorReport['failed'];
  splits: Split[];
  durationMs: number;
  /** What was not as it must be, in words; empty: nothing. */
  problems: string[];
}

/** Makes every kind of change to a service under load, and tells each change when it is over. */
export async function soak(
  ground: Ground,
  options: SoakOptions,
  tell: (report: PhaseReport) => void,
): Promise<PhaseReport[]> {
  const reports: PhaseReport[] = [];
  const site = await Site.make(ground);
  try {
    let version = 1;
    const first = await deploy(site, 'v1', { 'blue-green': { drain: '1s' } }, () => {});
    if (first.code !== 0) throw new Error(`Nothing could be deployed: ${first.said}`);
    const events: JournalEvent[] = [];
    const lasting = options.lasting ? new LastingSocket(site.url) : undefined;
    while (reports.reduce((sum, { requests }) => sum + requests, 0) < options.requests) {
      for (const phase of phasesAt(options)) {
        const report = await underLoad(site, phase, `v${++version}`, options, events);
        reports.push(report);
        tell(report);
      }
    }
    await lasting?.stop();
    if (lasting) {
      const report = judgeLasting(lasting, events, options);
      reports.push(report);
      tell(report);
    }
  } finally {
    await site.remove();
  }
  return reports;
}

async function underLoad(
  site: Site,
  phase: Phase,
  version: string,
  options: SoakOptions,
  allEvents: JournalEvent[],
): Promise<PhaseReport> {
  const events: JournalEvent[] = [];
  const since = Date.now();
  const visitors = startVisitors(site.url, options.visitors);
  let seen: VisitorReport;
  let problems: string[] = [];
  try {
    const { code, said } = await phase.perform(site, version, (event) => events.push(event));
    if (code !== phase.code) problems = [`it ended with ${code} and not with ${phase.code}: ${said.slice(-2_000)}`];
    await sleep(AFTERWARDS_MS);
  } finally {
    seen = await visitors.stop();
  }
  allEvents.push(...events);
  const splits = splitsOf(version, phase.weights, events, seen.rounds);
  if (splits.length < phase.weights.length) problems.push('a weight was never held');
  for (const { declared, measured, requests } of splits.filter((split) => !isWithinTolerance(split, options.few)))
    problems.push(`of ${requests} requests, ${measured} % came to the new revision and not ${declared} %`);
  const { requests, failed, reasons } = seen;
  const durationMs = Date.now() - since;
  return { phase: phase.name, requests, failed, splits, durationMs, problems: [...problems, ...reasons] };
}

function judgeLasting(lasting: LastingSocket, events: readonly JournalEvent[], { drainMs }: Pace): PhaseReport {
  const early = cutsBeforeDrained(lasting.cuts, events, drainMs);
  return {
    phase: 'the WebSocket that stays',
    requests: lasting.messages,
    failed: { volume: 0, checked: 0, long: 0, sockets: early.length + lasting.reasons.length },
    splits: [],
    durationMs: 0,
    problems: [
      ...early.map((at) => `cut at ${new Date(at).toISOString()}, before a drain was over`),
      ...lasting.reasons,
    ],
  };
}
