import type { Step, StepAction } from '../plan/step.ts';

const LETS_TIME_PASS: ReadonlySet<StepAction> = new Set(['hold', 'pause', 'analyse', 'watch']);
const ONLY_LOOKS: ReadonlySet<StepAction> = new Set(['probe', 'verify', 'drain']);
const ON_INSTANCES: ReadonlySet<StepAction> = new Set(['publish', 'stage', 'scale', 'test']);

/** Waits for time, people or measurements: takes no slot of the limits, and can be ended at any moment. */
export function letsTimePass({ action }: Pick<Step, 'action'>): boolean {
  return LETS_TIME_PASS.has(action);
}

/** Leaves nothing outside, whenever it is ended. */
export function hasNoEffect(step: Pick<Step, 'action'>): boolean {
  return letsTimePass(step) || ONLY_LOOKS.has(step.action);
}

/** Judges live traffic: what it says mustn't wait for anything that its rollout does meanwhile. */
function judges({ action }: Pick<Step, 'action'>): boolean {
  return action === 'watch' || action === 'analyse';
}

/**
 * Whether a running step is ended at once when another one fails and everything will be taken back: what has no effect,
 * and, after a bad verdict, what goes on at the instances that it is about. The rest may end what it has begun.
 */
export function givesWayBack(step: Step, failed: Step): boolean {
  if (hasNoEffect(step)) return true;
  return judges(failed) && step.subject === failed.subject && ON_INSTANCES.has(step.action);
}
