import { type ErrorClass, SlipwayError } from '@slipway/core/provider';

/** What the system reports when it is short of something for a moment. */
const PASSING = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EAGAIN', 'EMFILE', 'ENFILE', 'EBUSY']);

/** Says whether an error of this provider may pass by itself. */
export function classify(error: unknown): ErrorClass {
  const passes =
    error instanceof SlipwayError
      ? error.retryable
      : PASSING.has(String((error as NodeJS.ErrnoException | undefined)?.code));
  return passes ? 'transient' : 'permanent';
}
