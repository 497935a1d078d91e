import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConformanceCheck, ResourceSubject } from '../resource-checks.ts';
import { assertThere, CREATED, inPlace, NAME } from './in-place.ts';

/** How soon a call must have ended after its abort: what stopping a stubborn process may take, and a margin. */
const ENDED_WITHIN_MS = 10_000;

/** How long it must stay so: longer than a creation that takes its time. */
const STILL_SAME_MS = 5_500;

/** Timeouts and cancel reach down to the call. */
export function abortChecks(subject: ResourceSubject): ConformanceCheck[] {
  const { type, properties, slow } = subject;
  if (type.pure) return [];
  const checks = [
    inPlace(subject, 'a call that was aborted before it began does nothing', async (place) => {
      const context = { ...place.context, signal: AbortSignal.abort(new Error('called off')) };
      await assert.rejects(async () => type.create(context, { token: CREATED, name: NAME, properties }));
      await assertThere(place, false, 'after a creation that was called off');
    }),
  ];
  if (slow) {
    checks.push(
      inPlace(subject, 'a call that is aborted half-way ends soon, and does nothing more', async (place) => {
        const abort = new AbortController();
        const context = { ...place.context, signal: abort.signal };
        const creating = type.create(context, { token: CREATED, name: NAME, properties: slow });
        const ended = creating.then(
          () => 'succeeded',
          () => 'stopped',
        );
        await sleep(100);
        abort.abort(new Error('enough'));
        assert.equal(await Promise.race([ended, sleep(ENDED_WITHIN_MS, 'still running', { ref: false })]), 'stopped');
        // What it did until then is for `find` to say; from now on nothing may happen.
        const there = await place.isThere?.();
        await sleep(STILL_SAME_MS);
        if (there !== undefined) await assertThere(place, there, 'and stays so after a creation that was aborted');
      }),
    );
  }
  return checks;
}
