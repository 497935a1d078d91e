import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { exchange } from '../load/exchange.ts';
import { waitUntil } from '../wait-until.ts';
import { checksOnPlatform, type OpenPlatformStand } from './checks-on-platform.ts';
import { instancesOf, slotsListed, textAt } from './instances.ts';

export function describeLife(open: OpenPlatformStand): void {
  const check = checksOnPlatform(open);
  describe('a revision', () => {
    check('that is well is healthy, all of it and each instance', async (stand) => {
      const slots = stand.maxSlots > 1 ? [0, 1] : [0];
      await stand.serve('r1', { slots });
      expect(await stand.probe('r1')).toEqual({ kind: 'healthy' });
      for (const slot of slots) expect(await stand.probe('r1', [slot])).toEqual({ kind: 'healthy' });
      const { http: _http, ...rest } = stand.health;
      expect(await stand.probe('r1', slots, { ...rest, tcp: true })).toEqual({ kind: 'healthy' });
    });

    check('that is not well is unhealthy, with what it answered', async (stand) => {
      await stand.stage('r1', { env: { ILL: '1' } });
      await waitUntil('the probe tells of 503', async () => {
        const result = await stand.probe('r1');
        return (result.kind === 'unhealthy' && result.reason.includes('503')) || result;
      });
    });

    check('that does not answer, does not run, or never was is unhealthy, with a reason', async (stand) => {
      await stand.serve('r1');
      const slow = { ...stand.health, http: '/slow?ms=5000', timeoutMs: 200 };
      expect(await stand.probe('r1', [0], slow)).toMatchObject({
        kind: 'unhealthy',
        reason: expect.stringMatching(/./),
      });
      expect(await stand.probe('r9')).toMatchObject({ kind: 'unhealthy', reason: expect.stringMatching(/./) });
      await stand.retire('r1');
      expect(await stand.probe('r1')).toMatchObject({ kind: 'unhealthy', reason: expect.stringMatching(/./) });
    });

    check('that crashes comes back by itself, where it was', async (stand) => {
      await stand.serve('r1');
      const [before, endpoints] = [await instancesOf(stand, 'r1'), await stand.endpoints('r1')];
      await exchange(new URL('/crash', (await stand.urls('r1'))[0]));
      await waitUntil('it was started again', async () => {
        const [listed] = await stand.list();
        return (listed !== undefined && listed.restarts > 0 && listed.state === 'running') || listed;
      });
      await stand.untilHealthy('r1');
      expect(await stand.endpoints('r1')).toEqual(endpoints);
      expect(await instancesOf(stand, 'r1')).not.toEqual(before);
    });

    check('finishes what it was asked before it is retired, and is then gone for good', async (stand) => {
      await Promise.all([stand.serve('r1'), stand.serve('r2')]);
      const url = (await stand.urls('r1'))[0]!;
      const slow = exchange(new URL('/slow?ms=3000', url));
      await sleep(1_000);
      await stand.retire('r1');
      expect(await slow).toMatchObject({ kind: 'answered', status: 200, revision: 'r1' });
      for (let again = 0; again < 2; again++) await stand.retire('r1');
      await stand.retire('r9');
      expect(await exchange(url)).toMatchObject({ kind: 'failed' });
      expect(await stand.endpoints('r1')).toEqual([]);
      expect(await slotsListed(stand)).toEqual({ r2: [0] });
    });

    check(
      'that is being ended is not taken for one that runs, and runs anew when it is wanted again',
      async (stand) => {
        // It answers on while it ends, so that nothing but the platform can tell.
        const options = { env: { LINGER_MS: '5000' }, spec: { stopGraceMs: 60_000 }, leaveRunning: true };
        await stand.serve('r1', options);
        const [before, url] = [await instancesOf(stand, 'r1'), (await stand.urls('r1'))[0]!];
        const caller = new AbortController();
        const retired = stand.platform.retire(stand.context({ signal: caller.signal }), {
          service: stand.service,
          revision: 'r1',
        });
        const gone = retired.catch(() => {});
        await waitUntil('it is told to end', async () => (await textAt(url, '/ending').catch(() => 'yes')) === 'yes');
        caller.abort(new Error('the caller goes away'));
        await gone;
        expect((await stand.list()).filter(({ instances }) => instances > 0)).toEqual([]);
        expect(await stand.probe('r1')).toMatchObject({ kind: 'unhealthy', reason: expect.stringMatching(/./) });
        await stand.serve('r1', options);
        expect(await instancesOf(stand, 'r1')).not.toEqual(before);
        expect(await slotsListed(stand)).toEqual({ r1: [0] });
        expect(await textAt((await stand.urls('r1'))[0]!, '/ending')).toBe('no');
      },
    );

    check('is listed as it runs, and nothing of it when it is retired', async (stand) => {
      await stand.serve('r1');
      const [listed, ...others] = await stand.list();
      expect(others).toEqual([]);
      expect(listed).toMatchObject({ service: stand.service, revision: 'r1', state: 'running', instances: 1 });
      expect(await exchange(listed!.preview)).toMatchObject({ kind: 'answered', revision: 'r1' });
      const elsewhere = await stand.platform.list(stand.context({ environment: 'elsewhere' }));
      expect(elsewhere.filter(({ service }) => service === stand.service)).toEqual([]);
      await stand.retire('r1');
      expect(await stand.list()).toEqual([]);
    });

    check(
      'keeps beside it what a lost record is made of again',
      async (stand) => {
        const slots = stand.maxSlots > 2 ? [0, 2] : [0];
        await Promise.all([stand.serve('r1', { slots }), stand.serve('r2')]);
        const recovered = await stand.platform.recover!(stand.context(), stand.service);
        expect(recovered).toHaveLength(2);
        expect(recovered).toContainEqual({ record: { id: 'r1', note: 'kept beside r1' }, slots });
        expect(recovered).toContainEqual({ record: { id: 'r2', note: 'kept beside r2' }, slots: [0] });
        await stand.retire('r1');
        const rest = await stand.platform.recover!(stand.context(), stand.service);
        expect(rest.map(({ record }) => record.id)).toEqual(['r2']);
      },
      ({ platform }) => (platform.recover ? undefined : `${platform.name} keeps nothing beside revisions`),
    );
  });
}
