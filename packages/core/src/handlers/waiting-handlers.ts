import { setTimeout as sleep } from 'node:timers/promises';
import type { Settlement, StepContext, StepHandlers } from '../execute/handler.ts';
import type { JsonObject } from '../json.ts';
import { isAnswered } from './is-answered.ts';

const GOES_ON: Settlement = { as: 'not-done', how: 'It goes on where it was.' };
const settle = async () => GOES_ON;

/** Steps that let time pass or wait for a person. What they began with is noted, so that a kill starts nothing anew. */
export const waitingHandlers: Pick<StepHandlers, 'hold' | 'pause'> = {
  hold: {
    async run(step, context) {
      const { durationMs } = step.input;
      const noted = await once(context, 'startedAt', () => Date.now());
      const passed = () => Math.min(durationMs, Math.max(0, Date.now() - noted));
      const promoted = await restOrPromotion(durationMs - passed(), context);
      return { changes: [], detail: { heldMs: passed(), ...(promoted ? { promoted: true } : {}) } };
    },
    settle,
  },
  pause: {
    async run(step, context) {
      const { wishes } = context;
      const after = await once(context, 'afterWish', () => wishes.newest);
      // Who has answered already is not shown the question.
      const goOn = isAnswered(wishes, after) ? () => {} : context.waiting(step.input.why);
      try {
        const { what, by, at, reason } = await wishes.next(after, context.signal);
        return { changes: [], detail: { what, by, at, reason } };
      } finally {
        goOn();
      }
    },
    settle,
  },
};

/** A number that is noted when the step begins, and is the same for every later attempt. */
async function once(context: StepContext, name: string, make: () => number): Promise<number> {
  for (const note of context.notes) if (typeof note[name] === 'number') return note[name];
  const fact: JsonObject = { [name]: make() };
  await context.note(fact);
  return fact[name] as number;
}

/** Resolves after the time, or at once when a person promotes: then true. Rejects with the signal's reason. */
async function restOrPromotion(ms: number, { signal, wishes: { promoted } }: StepContext): Promise<boolean> {
  signal.throwIfAborted();
  if (promoted.aborted || ms <= 0) return promoted.aborted;
  try {
    await sleep(ms, undefined, { signal: AbortSignal.any([signal, promoted]) });
    return false;
  } catch (error) {
    signal.throwIfAborted();
    if (promoted.aborted) return true;
    throw error;
  }
}
