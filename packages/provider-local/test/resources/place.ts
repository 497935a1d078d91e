import { openTestPlace, type TestPlace } from '@slipway/provider-testkit';
import { onTestFinished } from 'vitest';

/** A project's folder, gone when the test is. */
export async function place(): Promise<TestPlace> {
  const opened = await openTestPlace();
  onTestFinished(() => opened.close());
  return opened;
}
