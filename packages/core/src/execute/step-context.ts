import { SlipwayError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { JsonObject } from '../json.ts';
import type { Step } from '../plan/step.ts';
import type { ExecuteOptions } from './execution.ts';
import type { StepContext } from './handler.ts';
import { NO_WISHES } from './no-wishes.ts';

/** What of the journal the context of a step needs. */
export type ContextJournal = Pick<Journal, 'deployment' | 'environment' | 'record' | 'append'>;

export interface StepContextParts {
  options: Pick<ExecuteOptions, 'resolve' | 'callContext' | 'onLog' | 'token' | 'wishes'>;
  journal: ContextJournal;
  step: Step;
  attempt: number;
  signal: AbortSignal;
  /** Shared by all attempts of the step; facts that become durable are added. */
  notes: JsonObject[];
  /** {@link StepContext.waiting}. */
  waiting: StepContext['waiting'];
  over: AbortSignal;
  /** False once the call ended: a handler that was abandoned must write nothing behind the engine's back. */
  isOpen: () => boolean;
}

/** What a handler gets for one call. */
export function stepContext(parts: StepContextParts): StepContext {
  const { options, journal, step, attempt, signal, notes, waiting, over, isOpen } = parts;
  const log = (line: string) => {
    if (isOpen()) options.onLog?.(step, line);
  };
  return {
    deployment: journal.deployment,
    environment: journal.environment,
    token: options.token(step.id),
    attempt,
    signal,
    record: (address) => journal.record(address),
    resolve: (value) => options.resolve(value, false),
    resolveForRecord: (value) => options.resolve(value, true),
    async note(fact) {
      if (!isOpen()) throw noteTooLate(step);
      await journal.append({ type: 'step.noted', step: step.id, data: { note: fact } });
      notes.push(fact);
    },
    notes,
    log,
    wishes: options.wishes ?? NO_WISHES,
    waiting: (reason) => (isOpen() ? waiting(reason) : () => {}),
    over,
    call: options.callContext(step, signal, log),
  };
}

function noteTooLate(step: Step): SlipwayError {
  return new SlipwayError('step-ended', `"${step.id}" noted a fact after its call had ended.`, { subject: step.id });
}
