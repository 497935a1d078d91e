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
 * Whether a running step is ended at once when a run stops for a failure. `lost`: the step that failed, where everything
 * will be taken back: then what has no effect ends, and, after a bad verdict, what goes on at the instances that it is
 * about. The rest may end what it has begun.
 */
export function endsBeside(step: Step, lost: Step | undefined): boolean {
  if (!lost) return letsTimePass(step);
  if (hasNoEffect(step)) return true;
  return judges(lost) && step.subject === lost.subject && ON_INSTANCES.has(step.action);
}
