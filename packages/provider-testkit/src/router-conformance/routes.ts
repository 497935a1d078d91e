import { Agent } from 'node:http';
import { describe, expect } from 'vitest';
import { freePort } from '../free-port.ts';
import { type Exchange, exchange } from '../load/exchange.ts';
import { checksOn } from './checks-on.ts';
import { distribute, type OpenStand } from './stand.ts';

const who = (ended: Exchange) => (ended.kind === 'answered' ? ended.revision : ended.reason);

export function describeRoutes(open: OpenStand): void {
  const check = checksOn(open);
  describe('routes', () => {
    check(
      'by header go to their revision, and are gone when they are not named again',
      async (stand) => {
        await Promise.all([stand.serve('r1'), stand.serve('r2')]);
        const url = await distribute(
          stand,
          { r1: 100 },
          { routes: [{ revision: 'r2', header: 'x-canary', value: 'yes' }] },
        );
        const kept = new Agent({ keepAlive: true, maxSockets: 1 });
        const ask = async (headers: Record<string, string>) => who(await exchange(url, { headers, agent: kept }));
        expect(await ask({ 'X-Canary': 'yes' })).toBe('r2');
        expect(await ask({ 'x-canary': 'no' })).toBe('r1');
        expect(await ask({})).toBe('r1');
        expect(await ask({ 'x-canary': 'yes' })).toBe('r2');
        await distribute(stand, { r1: 100 });
        expect(await ask({ 'x-canary': 'yes' })).toBe('r1');
        kept.destroy();
      },
      'headers',
    );

    check(
      'by cookie go to their revision, whatever other cookies there are',
      async (stand) => {
        await Promise.all([stand.serve('r1'), stand.serve('r2')]);
        const url = await distribute(stand, { r1: 100 }, { routes: [{ revision: 'r2', cookie: 'beta', value: 'on' }] });
        const ask = async (cookie: string) => who(await exchange(url, { headers: { cookie } }));
        expect(await ask('beta=on')).toBe('r2');
        expect(await ask('a=1; beta=on; c=3')).toBe('r2');
        expect(await ask('beta=off')).toBe('r1');
        expect(await ask('alphabeta=on')).toBe('r1');
      },
      'cookies',
    );

    check(
      'by port show a revision that has no weight, until they are taken away',
      async (stand) => {
        await Promise.all([stand.serve('r1'), stand.serve('r2')]);
        const port = await freePort();
        const url = new URL(await distribute(stand, { r1: 100 }, { routes: [{ revision: 'r2', port }] }));
        const preview = new URL(url);
        preview.port = String(port);
        expect(who(await exchange(preview))).toBe('r2');
        expect(who(await exchange(url))).toBe('r1');
        await distribute(stand, { r2: 100 });
        expect(await exchange(preview)).toMatchObject({ kind: 'failed' });
        expect(who(await exchange(url))).toBe('r2');
      },
      'previewPort',
    );

    check(
      'keep a user with the instance that answered first',
      async (stand) => {
        await Promise.all([stand.serve('r1'), stand.serve('r2')]);
        const url = await distribute(stand, { r1: 50, r2: 50 }, { affinity: { cookie: 'stay' } });
        for (const revision of ['r1', 'r2']) {
          const cookie = await cookieFrom(url, revision);
          expect(cookie).toMatch(/^stay=/);
          for (let times = 0; times < 10; times++)
            expect(who(await exchange(url, { headers: { cookie } }))).toBe(revision);
        }
        const orphan = await cookieFrom(url, 'r1');
        await distribute(stand, { r2: 100 }, { affinity: { cookie: 'stay' } });
        expect(who(await exchange(url, { headers: { cookie: orphan } }))).toBe('r2');
      },
      'affinity',
    );
  });
}

/** The cookie that a user gets whom this revision answers. */
async function cookieFrom(url: string, revision: string): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const ended = await exchange(url);
    if (ended.kind === 'answered' && ended.revision === revision) return ended.setCookies.join('; ');
  }
  throw new Error(`${revision} never answered.`);
}
