import { expect } from 'vitest';
import type { Playground } from './playground.ts';

/** Nothing in the journal was altered, and what is recorded follows from it. */
export async function expectSound(play: Playground): Promise<void> {
  expect((await play.session((slipway) => slipway.audit())).findings).toEqual([]);
}
