import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { exchange } from '../load/exchange.ts';
import { sendLoad } from '../load/load.ts';
import { waitUntil } from '../wait-until.ts';
import { checksOn } from './checks-on.ts';
import { distribute, type OpenStand } from './stand.ts';

/** Who leaves after it has given up; half a second is the limit. */
const LONG_WAIT_MS = 700;

export function describeCounts(open: OpenStand): void {
  const check = checksOn(open);
  describe('counts', () => {
    check('tell requests and errors of each revision, and only grow', async (stand) => {
      await Promise.all([stand.serve('r1'), stand.serve('r2', { env: { FAIL_PERCENT: '20' } })]);
      const url = await distribute(stand, { r1: 50, r2: 50 });
      const look = () => stand.router.traffic(stand.context(), stand.service);
      const before = await look();
      const { answered, errors } = await sendLoad(url, 200);
      const grown = async () => {
        const after = await look();
        return Object.fromEntries(
          ['r1', 'r2'].map((id) => [
            id,
            {
              requests: after[id]!.requests - (before[id]?.requests ?? 0),
              errors: after[id]!.errors - (before[id]?.errors ?? 0),
            },
          ]),
        );
      };
      const wanted = {
        r1: { requests: answered.r1, errors: 0 },
        r2: { requests: answered.r2, errors: errors.r2 },
      };
      await waitUntil(
        'all is counted',
        async () => JSON.stringify(await grown()) === JSON.stringify(wanted) || grown(),
      );
      await distribute(stand, { r1: 90, r2: 10 });
      expect(await grown()).toEqual(wanted);
    });

    check('an answer of 500 is an error', async (stand) => {
      await stand.serve('r1');
      const url = await distribute(stand, { r1: 100 });
      expect((await exchange(new URL('/fail', url))).kind).toBe('answered');
      await waitUntil('the failure is counted', async () => {
        const { r1 } = await stand.router.traffic(stand.context(), stand.service);
        return r1?.errors === 1 || r1;
      });
    });

    check('a connection that breaks instead of an answer is an error, kept or new', async (stand) => {
      await stand.serve('r1');
      const url = await distribute(stand, { r1: 100 });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      try {
        // What its user gets is an answer of the router, or the end of a connection that they had used before.
        expect((await exchange(new URL('/drop', url))).kind).toBe('failed');
        expect((await exchange(url, { agent })).kind).toBe('answered');
        expect((await exchange(new URL('/drop', url), { agent })).kind).toBe('failed');
      } finally {
        agent.destroy();
      }
      await waitUntil('they are counted', async () => {
        const { r1 } = await stand.router.traffic(stand.context(), stand.service);
        return (r1?.requests === 3 && r1.errors === 2) || r1;
      });
    });

    check('a request that hangs is none until it ends, and an error when its user gives up', async (stand) => {
      await Promise.all([stand.serve('r1'), stand.serve('r2')]);
      const url = await distribute(stand, { r1: 50, r2: 50 });
      const look = async () => {
        const { r1, r2 } = await stand.router.traffic(stand.context(), stand.service);
        const of = (count: 'requests' | 'errors' | 'open') => (r1?.[count] ?? 0) + (r2?.[count] ?? 0);
        return { requests: of('requests'), errors: of('errors'), open: of('open') };
      };
      const asked = [1, 2, 3, 4].map(() => request(new URL('/slow?ms=60000', url), { agent: false }).end());
      for (const each of asked) each.on('error', () => {});
      await waitUntil('they wait', async () => (await look()).open === 4 || look());
      await sleep(LONG_WAIT_MS);
      expect(await look()).toMatchObject({ requests: 0, errors: 0 });
      for (const each of asked) each.destroy();
      await waitUntil('all is counted', async () => {
        const { requests, errors, open } = await look();
        return (requests === 4 && errors === 4 && open === 0) || { requests, errors, open };
      });
    });

    check(
      'tell how long requests took, as a histogram too',
      async (stand) => {
        await Promise.all([stand.serve('r1'), stand.serve('r2', { env: { DELAY_MS: '300' } })]);
        const url = await distribute(stand, { r1: 50, r2: 50 });
        const { answered } = await sendLoad(url, 40, { kept: 4, fresh: 4 });
        await waitUntil('all is counted', async () => {
          const { r2 } = await stand.router.traffic(stand.context(), stand.service);
          return r2?.requests === answered.r2 || r2;
        });
        const { r1, r2 } = await stand.router.traffic(stand.context(), stand.service);
        expect(r2!.latency.p50).toBeGreaterThanOrEqual(150);
        expect(r2!.latency.p95).toBeGreaterThanOrEqual(r2!.latency.p50!);
        expect(r1!.latency.p50).toBeLessThan(r2!.latency.p50!);
        const { bounds, counts } = r2!.histogram!;
        expect(counts).toHaveLength(bounds.length + 1);
        expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(r2!.requests);
      },
      'latency',
    );
  });
}
