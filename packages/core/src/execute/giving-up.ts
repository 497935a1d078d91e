import type { Step } from '../plan/step.ts';
import type { Horizons } from './horizons.ts';
import type { StepBoard } from './step-board.ts';

/** What follows for others from a step that won't succeed in this run. */
export interface GivenUp {
  /** Will not be run. */
  skipped: number[];
  /** May run now: it had to wait for the end of one of these only. */
  ready: number[];
  /** What goes on although nothing can come of it any more; undefined: nothing does. */
  ends: ((step: number) => boolean) | undefined;
}

/**
 * Other branches go on: what needs the step doesn't, nor, when it watched a rollout, what is left of that rollout. What
 * goes on beside steps of which one won't succeed has no end of its own any more.
 */
export function giveUp(
  n: number,
  status: 'failed' | 'unknown' | 'cancelled',
  steps: readonly Step[],
  board: StepBoard,
  horizons: Horizons,
): GivenUp {
  const { subject, until } = steps[n]!;
  const isOfRollout = (one: number) => until !== undefined && steps[one]!.subject === subject;
  const rollout = until ? [...steps.keys()].filter(isOfRollout) : [];
  const { skipped, ready } = board.lose(n, status, rollout);
  const id = (one: number) => steps[one]!.id;
  const lost = new Set(horizons.without([id(n), ...skipped.map(id)]));
  if (!until && lost.size === 0) return { skipped, ready, ends: undefined };
  return { skipped, ready, ends: (one) => one !== n && (isOfRollout(one) || lost.has(id(one))) };
}
