import { describeError, SlipwayError } from '../errors.ts';
import type { Redactor } from '../journal/journal.ts';

/** The same error when it holds no secret, else one that says the same without it, and without its cause. */
export function withoutSecrets(error: unknown, redactor: Redactor): unknown {
  const said = describeError(error);
  const { code, message, subject, hint } = redactor.value(said);
  const details = error instanceof SlipwayError ? redactor.value(error.details) : undefined;
  const isClean = message === said.message && hint === said.hint && subject === said.subject;
  if (isClean && (!(error instanceof SlipwayError) || details === error.details)) return error;
  return new SlipwayError(code, message, {
    ...(subject === undefined ? {} : { subject }),
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
    retryable: error instanceof SlipwayError && error.retryable,
  });
}
