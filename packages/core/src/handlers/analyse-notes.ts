import type { StepContext } from '../execute/handler.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { RevisionTraffic } from '../provider/contract.ts';
import type { Measurement, Standing } from '../verify/tally-metric.ts';
import type { Verdict } from '../verify/verdict.ts';

/** What an analysis comes to. Noted by it, and the outcome's detail where it lets the rollout go on. */
export interface AnalysisVerdict {
  /** ISO 8601, as all times here. */
  at: string;
  verdict: Verdict;
  why: string;
  metrics: { metric: string; verdict: Standing; why: string }[];
  /**
   * `failure`: a failure was certain. `time`: its time was over. `over`: what it watched was done. `promoted`: a person
   * promoted the deployment. `accepted`: a person said to go on though it is inconclusive.
   */
  ended: 'failure' | 'time' | 'over' | 'promoted' | 'accepted';
  /** Who accepted it, and why. */
  by?: string;
  reason?: string | null;
}

/** From when on the next windows are. */
export interface Counted {
  since: string;
  /** When the router was asked for what follows. */
  at: string;
  /** What it had counted of each revision. Absent where that is nothing to take the difference from. */
  traffic?: Record<string, RevisionTraffic>;
}

/** What `analyse` and `watch` note, one of these each time: enough to show what happened and to go on after a kill. */
export type AnalysisNote =
  | { began: { at: string } }
  | { counted: Counted }
  | { measured: Measurement }
  | { extended: { at: string; times: number; why: string } }
  /** `after`: the newest wish at that time; a newer one ends the waiting. */
  | { waiting: { at: string; after: number; why: string } }
  | { verdict: AnalysisVerdict }
  /** The run was killed after its verdict and before the step's outcome: the verdict holds. */
  | { upheld: { at: string } };

/** What is known of an analysis from its notes. */
export interface Round {
  began: { at: string } | undefined;
  counted: Counted | undefined;
  measured: Measurement[];
  extended: { at: string }[];
  waiting: { after: number; why: string } | undefined;
  /** Decided, and nothing is left to be done but to say so. */
  decided: AnalysisVerdict | undefined;
}

/** Whether the rollout goes on after it. */
export function goesOn({ verdict, ended }: AnalysisVerdict): boolean {
  return verdict === 'pass' || ended === 'promoted' || ended === 'accepted';
}

/** The verdict that was the last thing noted. */
export function lastVerdict(notes: readonly JsonObject[]): AnalysisVerdict | undefined {
  const last = notes.at(-1);
  return isObject(last?.verdict) ? (last.verdict as unknown as AnalysisVerdict) : undefined;
}

/**
 * Where an analysis stands. One that ended the step begins anew when the step is run again, since a person has mended
 * something by then; unless its verdict never became the step's outcome.
 */
export function readRound(notes: readonly JsonObject[]): Round {
  const fresh = (): Round => ({
    began: undefined,
    counted: undefined,
    measured: [],
    extended: [],
    waiting: undefined,
    decided: undefined,
  });
  let round = fresh();
  let last: AnalysisVerdict | undefined;
  for (const one of notes as unknown as AnalysisNote[]) {
    if ('began' in one) round.began = one.began;
    else if ('counted' in one) round.counted = one.counted;
    else if ('measured' in one) round.measured.push(one.measured);
    else if ('extended' in one) round.extended.push(one.extended);
    else if ('waiting' in one) round.waiting = one.waiting;
    else if ('upheld' in one) round.decided = last;
    else if ('verdict' in one) {
      last = one.verdict;
      round = fresh();
      if (goesOn(last)) round.decided = last;
    }
  }
  return round;
}

/** Makes it durable. */
export async function note(context: StepContext, fact: AnalysisNote): Promise<void> {
  await context.note(fact as unknown as JsonObject);
}
