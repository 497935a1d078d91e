import type { JournalEvent } from '@slipway/core';
import { isHold } from './phases.ts';
import type { LoadRound } from './visitors.ts';

/** In percentage points, for thousands of requests. */
const TOLERANCE = 1;
/** Standard errors of a share that chance may add where requests are few. */
const BY_CHANCE = 3;

/** How traffic was divided while a canary held a weight. */
export interface Split {
  /** In per cent, for the new revision. */
  declared: number;
  /** Of the requests that were answered, in per cent, rounded to hundredths. */
  measured: number;
  requests: number;
}

/** A time during which a weight was held, in ms since 1970. */
interface Window {
  from: number;
  to: number;
}

/** What each hold of a deployment measured, from the runs of the load that lie within it. */
export function splitsOf(
  version: string,
  weights: readonly number[],
  events: readonly JournalEvent[],
  rounds: readonly LoadRound[],
): Split[] {
  return windowsOf(events)
    .slice(0, weights.length)
    .map((window, at) => splitIn(window, weights[at] ?? 0, version, rounds));
}

/** Whether it was met within a point. `few`: what so few requests can tell is enough. */
export function isWithinTolerance({ declared, measured, requests }: Split, few = false): boolean {
  const chance = few ? BY_CHANCE * Math.sqrt((declared * (100 - declared)) / requests) : 0;
  return requests > 0 && Math.abs(measured - declared) <= TOLERANCE + chance;
}

function windowsOf(events: readonly JournalEvent[]): Window[] {
  return events.filter(isHold).flatMap(({ step, at }) => {
    const ended = events.find((event) => event.type === 'step.succeeded' && event.step === step);
    return ended ? [{ from: Date.parse(at), to: Date.parse(ended.at) }] : [];
  });
}

function splitIn({ from, to }: Window, declared: number, version: string, rounds: readonly LoadRound[]): Split {
  const within = rounds.filter((round) => round.from >= from && round.to <= to);
  const answers = within.flatMap(({ answered }) => Object.entries(answered));
  const requests = answers.reduce((sum, [, count]) => sum + count, 0);
  const own = answers.reduce((sum, [revision, count]) => sum + (revision === version ? count : 0), 0);
  return { declared, measured: requests === 0 ? 0 : Math.round((10_000 * own) / requests) / 100, requests };
}
