import { describe, expect } from 'vitest';
import { exchange } from '../load/exchange.ts';
import { checksOn } from './checks-on.ts';
import { distribute, type OpenStand } from './stand.ts';
import { untilOpen } from './switching.ts';

export function describeRefusals(open: OpenStand): void {
  const check = checksOn(open);
  describe('what can not be done', () => {
    check('weight for a revision of which nothing runs is refused, and leaves what was', async (stand) => {
      await stand.serve('r1');
      const url = await distribute(stand, { r1: 100 });
      await expect(distribute(stand, { r1: 50, r9: 50 })).rejects.toMatchObject(HELPFUL);
      expect(await stand.router.weights(stand.context(), stand.service)).toEqual({ r1: 100 });
      expect(await exchange(url)).toMatchObject({ revision: 'r1' });
    });

    check('a wait for requests ends with its signal', async (stand) => {
      await stand.serve('r1');
      const url = await distribute(stand, { r1: 100 });
      const slow = exchange(new URL('/slow?ms=8000', url));
      await untilOpen(stand, 'r1', 1);
      const abort = new AbortController();
      const request = { service: stand.service, revision: 'r1', drainMs: 600_000 };
      const drained = stand.router.drain(stand.context({ signal: abort.signal }), request);
      abort.abort(new Error('enough'));
      await expect(drained).rejects.toThrow();
      expect(await slow).toMatchObject({ kind: 'answered', revision: 'r1' });
    });

    check('a call that was aborted before changes nothing', async (stand) => {
      await stand.serve('r1');
      await distribute(stand, { r1: 100 });
      await stand.serve('r2');
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(distribute(stand, { r2: 100 }, { signal })).rejects.toThrow();
      expect(await stand.router.weights(stand.context(), stand.service)).toEqual({ r1: 100 });
    });
  });
}

/** An error that says what it is about and what to do now. */
export const HELPFUL = {
  name: 'SlipwayError',
  subject: expect.stringMatching(/./) as string,
  hint: expect.stringMatching(/./) as string,
};
