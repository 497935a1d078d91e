import { SlipwayError } from '../errors.ts';
import type { ExecutionResult } from '../execute/execution.ts';
import { hasNoEffect } from '../execute/kinds-of-waiting.ts';
import type { DeploymentHeader } from '../journal/store.ts';
import type { Plan } from '../plan/plan.ts';

/** Nothing can tell whether these steps had their effect: a person must look, and is told how to say what was found. */
export function inDoubt(result: Pick<ExecutionResult, 'unknown'>): SlipwayError {
  return new SlipwayError('in-doubt', result.unknown.map(({ step, look }) => `${step}: ${look}`).join('\n'), {
    ...(result.unknown[0] ? { subject: result.unknown[0].step } : {}),
    hint: 'Look, then say what you found. It is not there: slipway resume --redo STEP. It is there: slipway import ADDRESS ID for a resource that was to be created, then slipway resume; slipway resume --done STEP for a migration or a check; for all else --redo as well, which does it again.',
  });
}

/** True when a step has begun whose effect nobody has asked about since: who goes back now would leave it behind. */
export function isUnsettled({ steps }: Pick<Plan, 'steps'>, result: Pick<ExecutionResult, 'steps'>): boolean {
  return steps.some((step) => {
    const status = result.steps.get(step.id);
    return (status === 'running' || status === 'waiting') && !hasNoEffect(step);
  });
}

/** A person stopped it before it was known what a killed run had done. */
export function stoppedWhileSettling({ id }: Pick<DeploymentHeader, 'id'>): SlipwayError {
  return new SlipwayError('interrupted', `Stopped while what ${id} had begun was looked at. Nothing new was begun.`, {
    subject: id,
    hint: 'Run it again: it begins with that.',
  });
}
