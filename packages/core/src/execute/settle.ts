import { describeError } from '../errors.ts';
import type { Step } from '../plan/step.ts';
import type { AttemptEnd } from './attempt.ts';
import { backOff } from './back-off.ts';
import { type Clock, sleep } from './clock.ts';
import type { ExecuteOptions } from './execution.ts';
import type { Settlement } from './handler.ts';

/** How long one look at what became of a step may take, in ms. */
export const SETTLE_TIMEOUT_MS = 60_000;
/** How often it looks when looking fails for a reason that may pass. */
const SETTLE_LOOKS = 4;

export interface SettleParts {
  classify: ExecuteOptions['classify'];
  clock: Clock;
  random: () => number;
  /** True when nobody wants to wait any more: a look that failed isn't repeated. */
  isHurried: () => boolean;
}

/**
 * Finds out what became of a step, asking `look` again when that fails for a reason that may pass. Never
 * rejects: what can't be found out is `unknown`, with the reason.
 */
export async function settle(
  step: Step,
  look: () => Promise<AttemptEnd<Settlement>>,
  parts: SettleParts,
): Promise<Settlement> {
  for (let looks = 1; ; looks++) {
    const end = await look();
    if (end.kind === 'returned') return end.value;
    if (end.kind === 'abandoned') return cannotTell(step, 'looking took too long');
    const mayPass = end.stopped === undefined && parts.classify(step, end.error) === 'transient';
    if (!mayPass || looks >= SETTLE_LOOKS || parts.isHurried()) {
      return cannotTell(step, describeError(end.error).message);
    }
    await sleep(parts.clock, backOff(looks, parts.random));
  }
}

function cannotTell(step: Step, why: string): Settlement {
  return {
    as: 'unknown',
    look: `Could not find out whether "${step.id}" had its effect on ${step.subject}: ${why}. Look whether it is there.`,
  };
}
