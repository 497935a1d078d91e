import type { JournalEvent } from '../journal/event.ts';
import type { JsonObject } from '../json.ts';
import type { ExecuteOptions } from './execution.ts';

/** What earlier runs of the deployment leave to be known of one step. */
export interface PastStep {
  /** The highest attempt number journalled. */
  attempts: number;
  standing: PastStanding;
  /** Facts noted by it, oldest first. */
  notes: JsonObject[];
  /** For `unknown`: what a person was told to look at. */
  look?: string;
}

/**
 * `in-doubt`: an intent without outcome. `unknown`: in doubt, and asking didn't help then. `incomplete`:
 * something of it exists, not whole. `open`: known not to be done, to be run again.
 */
export type PastStanding = 'succeeded' | 'in-doubt' | 'unknown' | 'incomplete' | 'open';

/** The status of such a step until it is settled. */
const STATUS_OF_DOUBT = { 'in-doubt': 'running', unknown: 'unknown', incomplete: 'failed' } as const;

/** What a run makes of a step that earlier runs began. `look`: where a person must look. */
export type Standing =
  | { as: 'succeeded' | 'open' }
  | { as: 'done' | 'not-done'; how: string }
  | { as: 'doubt'; status: 'running' | 'unknown' | 'failed'; look?: string };

/** Where a step of earlier runs stands, with what a person said of it. */
export function whereItStands(id: string, known: PastStep, said: ExecuteOptions['settle']): Standing {
  const { standing, look = '' } = known;
  if (standing === 'succeeded' || standing === 'open') return { as: standing };
  const how = 'a person looked and said so';
  if (said?.redo.has(id)) return { as: 'not-done', how };
  if (said?.done.has(id)) return { as: 'done', how };
  return { as: 'doubt', status: STATUS_OF_DOUBT[standing], ...(standing === 'unknown' ? { look } : {}) };
}

/** Folds a deployment's events, oldest first, into what is known of each step. Pure; linear. */
export function foldPast(events: Iterable<JournalEvent>): Map<string, PastStep> {
  const steps = new Map<string, PastStep>();
  for (const event of events) {
    if (event.step === null) continue;
    let step = steps.get(event.step);
    if (!step) {
      step = { attempts: 0, standing: 'open', notes: [] };
      steps.set(event.step, step);
    }
    fold(step, event);
  }
  return steps;
}

function fold(step: PastStep, event: JournalEvent): void {
  switch (event.type) {
    case 'step.started':
      step.attempts = Math.max(step.attempts, event.data.attempt);
      step.standing = 'in-doubt';
      return;
    case 'step.noted':
      step.notes.push(event.data.note);
      return;
    case 'step.succeeded':
      step.standing = 'succeeded';
      return;
    case 'step.failed':
      // A failure is journalled after its doubt was settled: it left nothing, unless the settlement said so.
      if (step.standing !== 'incomplete') step.standing = 'open';
      return;
    case 'step.unknown':
      step.standing = 'unknown';
      step.look = event.data.look;
      return;
    case 'step.settled':
      // The success that follows `done` carries the changes of state; without it the doubt remains.
      if (event.data.as === 'not-done') step.standing = 'open';
      else if (event.data.as === 'incomplete') step.standing = 'incomplete';
      return;
    case 'step.cancelled':
    case 'step.skipped':
      step.standing = 'open';
      return;
  }
}
