import { describe, expect } from 'vitest';
import { EchoSocket } from '../load/echo-socket.ts';
import { exchange } from '../load/exchange.ts';
import { sendLoad, startLoad } from '../load/load.ts';
import { waitUntil } from '../wait-until.ts';
import { checksOn } from './checks-on.ts';
import { distribute, type OpenStand, type RoutingStand } from './stand.ts';

const ROUNDS = 3;

export function describeSwitching(open: OpenStand): void {
  const check = checksOn(open);
  describe('a switch', () => {
    check('loses no request, whatever is staged and retired around it', async (stand) => {
      await stand.serve('r0');
      const url = await distribute(stand, { r0: 100 });
      const load = startLoad(url);
      let report = load.report();
      try {
        for (let round = 1; round <= ROUNDS; round++) await replace(stand, `r${round - 1}`, `r${round}`);
      } finally {
        report = await load.stop();
      }
      expect(report).toMatchObject({ reasons: {}, failed: 0, errors: {} });
      for (let round = 0; round <= ROUNDS; round++) expect(report.answered[`r${round}`]).toBeGreaterThan(0);
      expect(await sendLoad(url, 20)).toMatchObject({ answered: { [`r${ROUNDS}`]: 20 } });
    });

    check('is complete when it returns: nothing new goes to what lost its weight', async (stand) => {
      await Promise.all([stand.serve('r1'), stand.serve('r2')]);
      for (const revision of ['r1', 'r2', 'r1', 'r2']) {
        const url = await distribute(stand, { [revision]: 100 });
        expect(await sendLoad(url, 30, { kept: 3, fresh: 3 })).toMatchObject({ answered: { [revision]: 30 } });
      }
    });

    check('takes only the instances that it is told', async (stand) => {
      await stand.serve('r1', { slots: [0, 1] });
      const url = await distribute(stand, { r1: 100 });
      expect(Object.keys((await sendLoad(url, 20)).instances)).toHaveLength(2);
      const [, second] = await stand.endpoints('r1');
      await distribute(stand, { r1: 100 }, { backends: { r1: [second!] } });
      const report = await sendLoad(url, 20);
      expect(report).toMatchObject({ failed: 0 });
      expect(Object.keys(report.instances)).toHaveLength(1);
    });

    check('leaves requests in flight to end where they began, and draining waits for them', async (stand) => {
      await Promise.all([stand.serve('r1'), stand.serve('r2')]);
      const url = await distribute(stand, { r1: 100 });
      const slow = exchange(new URL('/slow?ms=8000', url));
      await untilOpen(stand, 'r1', 1);
      await distribute(stand, { r2: 100 });
      const drain = (drainMs: number) =>
        stand.router.drain(stand.context(), { service: stand.service, revision: 'r1', drainMs });
      expect(await drain(50)).toEqual({ kind: 'timed-out', open: 1 });
      expect(await drain(30_000)).toEqual({ kind: 'drained' });
      expect(await slow).toMatchObject({ kind: 'answered', status: 200, revision: 'r1' });
    });

    check(
      'leaves WebSockets where they are, and draining waits for them',
      async (stand) => {
        await Promise.all([stand.serve('r1'), stand.serve('r2')]);
        const url = await distribute(stand, { r1: 100 });
        const socket = await EchoSocket.open(url);
        expect(await socket.echo('before')).toBe('r1 before');
        await distribute(stand, { r2: 100 });
        const drain = (drainMs: number) =>
          stand.router.drain(stand.context(), { service: stand.service, revision: 'r1', drainMs });
        expect(await drain(50)).toEqual({ kind: 'timed-out', open: 1 });
        expect(await socket.echo('after')).toBe('r1 after');
        const drained = drain(30_000);
        await socket.close();
        expect(await drained).toEqual({ kind: 'drained' });
      },
      'webSockets',
    );
  });
}

/** As a rollout does it. */
async function replace(stand: RoutingStand, before: string, after: string): Promise<void> {
  await stand.serve(after);
  await distribute(stand, { [before]: 50, [after]: 50 });
  await distribute(stand, { [after]: 100 });
  const { service } = stand;
  expect(await stand.router.drain(stand.context(), { service, revision: before, drainMs: 20_000 })).toEqual({
    kind: 'drained',
  });
  await stand.retire(before);
}

/** Waits until the router knows of so many open requests. */
export async function untilOpen(stand: RoutingStand, revision: string, wanted: number): Promise<void> {
  await waitUntil(`${wanted} requests are open`, async () => {
    const { open } = (await stand.router.traffic(stand.context(), stand.service))[revision] ?? {};
    return open === wanted || open;
  });
}
