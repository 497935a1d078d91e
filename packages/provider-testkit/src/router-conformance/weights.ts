import { describe, expect } from 'vitest';
import { sendLoad } from '../load/load.ts';
import { shareOf } from '../load/report.ts';
import { checksOn } from './checks-on.ts';
import { distribute, type OpenStand } from './stand.ts';

const REQUESTS = 1_000;

export function describeWeights(open: OpenStand): void {
  const check = checksOn(open);
  describe('weights', () => {
    check('are what was set, replace what was set before, and go with the route', async (stand) => {
      const look = () => stand.router.weights(stand.context(), stand.service);
      expect(await look()).toEqual({});
      await Promise.all([stand.serve('r1'), stand.serve('r2')]);
      await distribute(stand, { r1: 100 });
      expect(await look()).toEqual({ r1: 100 });
      for (let again = 0; again < 2; again++) await distribute(stand, { r1: 75, r2: 25 });
      expect(await look()).toEqual({ r1: 75, r2: 25 });
      await distribute(stand, { r2: 100 });
      expect(await look()).toEqual({ r2: 100 });
      for (let again = 0; again < 2; again++) await stand.router.remove(stand.context(), stand.service);
      expect(await look()).toEqual({});
    });

    check('split the requests within one point, over kept connections and new ones', async (stand) => {
      await Promise.all([stand.serve('r1'), stand.serve('r2')]);
      for (const weight of [10, 25, 50, 1]) {
        const url = await distribute(stand, { r1: 100 - weight, r2: weight });
        for (const connections of [
          { kept: 4, fresh: 0 },
          { kept: 0, fresh: 4 },
        ]) {
          const report = await sendLoad(url, REQUESTS, connections);
          expect(report.reasons).toEqual({});
          expect(
            Math.abs(shareOf(report, 'r2') - weight),
            `${weight} % by ${JSON.stringify(connections)}`,
          ).toBeLessThan(1);
        }
      }
    });

    check('divide the share of a revision evenly among its instances', async (stand) => {
      await Promise.all([stand.serve('r1', { slots: [0, 1] }), stand.serve('r2')]);
      const url = await distribute(stand, { r1: 50, r2: 50 });
      const report = await sendLoad(url, REQUESTS, { kept: 2, fresh: 2 });
      const shares = Object.values(report.instances).map((count) => (100 * count) / REQUESTS);
      const expected = [25, 25, 50];
      expect(shares).toHaveLength(expected.length);
      for (const [index, share] of shares.toSorted((a, b) => a - b).entries())
        expect(Math.abs(share - expected[index]!), JSON.stringify(shares)).toBeLessThan(1);
    });

    check('empty, let nobody in', async (stand) => {
      await stand.serve('r1');
      const url = await distribute(stand, { r1: 100 });
      await distribute(stand, {});
      const report = await sendLoad(url, 5);
      expect(report).toMatchObject({ requests: 5, failed: 5 });
    });
  });
}
