import { SlipwayError } from '../errors.ts';
import type { Step } from '../plan/step.ts';
import { ABORT_GRACE_MS } from './attempt.ts';

/** The step's own time is over. */
export function stepTimeout(step: Step): SlipwayError {
  return new SlipwayError('step-timeout', `"${step.id}" took longer than its timeout of ${seconds(step.timeoutMs)}.`, {
    subject: step.id,
    hint: `See what it waited for in its log, or set a longer \`timeout\` for ${step.subject} in the config.`,
    retryable: true,
  });
}

/** The run stops; `reason` as a sentence. */
export function stepStopped(step: Step, reason: string): SlipwayError {
  return new SlipwayError('step-cancelled', `"${step.id}" was stopped: ${reason}`, { subject: step.id });
}

/** Something of the step's effect exists, not whole. */
export function stepIncomplete(step: Step, how: string): SlipwayError {
  return new SlipwayError('step-incomplete', `"${step.id}" broke half-way: ${how}`, {
    subject: step.id,
    hint: 'The next deployment replaces it; a rollback removes it.',
  });
}

/** What a person must know of a call that went on after it was given up. */
export function stillAtWork(step: Step): string {
  return (
    `"${step.id}" did not stop within ${seconds(ABORT_GRACE_MS)} of being told to. Its effect on ${step.subject} ` +
    'was not there when asked, but may still come. Make sure that nothing is at work on it, then resume.'
  );
}

/** True when the error itself says that nothing happened outside (`details.effect` is `none`). */
export function hadNoEffect(error: unknown): boolean {
  return error instanceof SlipwayError && error.details.effect === 'none';
}

function seconds(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`;
}
