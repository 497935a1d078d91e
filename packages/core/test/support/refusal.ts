import { expect } from 'vitest';
import { SlipwayError } from '../../src/errors.ts';

/** The SlipwayError that this is refused with; fails when it isn't, or with another code. */
export async function refusal(work: Promise<unknown>, code: string): Promise<SlipwayError> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome))
    throw new Error(`Was to be refused with ${code}, but gave ${JSON.stringify(outcome.value)}`);
  if (!(outcome.error instanceof SlipwayError)) throw outcome.error;
  expect(`${outcome.error.code}: ${outcome.error.message}`).toMatch(new RegExp(`^${code}: `));
  return outcome.error;
}
