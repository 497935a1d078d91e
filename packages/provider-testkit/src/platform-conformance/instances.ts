import { describe, expect } from 'vitest';
import { exchange } from '../load/exchange.ts';
import { checksOnPlatform, type OpenPlatformStand } from './checks-on-platform.ts';
import type { PlatformStand } from './platform-stand.ts';

const needsSlots = (wanted: number) => (stand: PlatformStand) =>
  stand.maxSlots >= wanted ? undefined : `a revision has at most ${stand.maxSlots} instances here`;

export function describeInstances(open: OpenPlatformStand): void {
  const check = checksOnPlatform(open);
  describe('instances', () => {
    check('publishing and staging twice leave what runs as it is', async (stand) => {
      await stand.serve('r1');
      const before = await instancesOf(stand, 'r1');
      expect(Object.keys(before)).toEqual(['0']);
      await stand.serve('r1');
      expect(await instancesOf(stand, 'r1')).toEqual(before);
      await Promise.all([stand.stage('r1'), stand.stage('r1')]);
      expect(await instancesOf(stand, 'r1')).toEqual(before);
      expect(await slotsListed(stand)).toEqual({ r1: [0] });
    });

    check('a preview reaches the revision, without a route and without traffic', async (stand) => {
      const preview = await stand.stage('r1');
      await stand.untilHealthy('r1');
      expect(await exchange(preview)).toMatchObject({ kind: 'answered', revision: 'r1' });
      expect(await stand.router.weights(stand.context(), stand.service)).toEqual({});
    });

    check(
      'exactly the wanted ones run, up and down, and those that stay are left alone',
      async (stand) => {
        await stand.serve('r1', { slots: [0] });
        const one = await instancesOf(stand, 'r1');
        await stand.serve('r1', { slots: [0, 1] });
        const two = await instancesOf(stand, 'r1');
        expect(Object.keys(two)).toEqual(['0', '1']);
        expect(two[0]).toBe(one[0]);
        await stand.serve('r1', { slots: [1] });
        expect(await instancesOf(stand, 'r1')).toEqual({ 1: two[1] });
        expect(await slotsListed(stand)).toEqual({ r1: [1] });
        await stand.stage('r1', { slots: [] });
        expect(await instancesOf(stand, 'r1')).toEqual({});
      },
      needsSlots(2),
    );

    check(
      'of two revisions have the same numbers, side by side, and end one without the other',
      async (stand) => {
        await Promise.all([stand.serve('r1', { slots: [0, 1, 2] }), stand.serve('r2', { slots: [0, 1, 2] })]);
        const [first, second] = [await instancesOf(stand, 'r1'), await instancesOf(stand, 'r2')];
        expect(new Set([...Object.values(first), ...Object.values(second)]).size).toBe(6);
        expect(await slotsListed(stand)).toEqual({ r1: [0, 1, 2], r2: [0, 1, 2] });
        await stand.retire('r1');
        expect(await instancesOf(stand, 'r2')).toEqual(second);
        expect(await slotsListed(stand)).toEqual({ r2: [0, 1, 2] });
      },
      needsSlots(3),
    );

    check('start anew with other values, and only then', async (stand) => {
      await stand.serve('r1', { env: { COLOUR: 'red' } });
      const before = await instancesOf(stand, 'r1');
      await stand.serve('r1', { env: { COLOUR: 'blue' } });
      const after = await instancesOf(stand, 'r1');
      expect(after[0]).not.toBe(before[0]);
      expect(await textAt((await stand.urls('r1'))[0]!, '/env?name=COLOUR')).toBe('blue');
    });

    check(
      'that are to be left run on with the values that they have, and what comes beside them has the new ones',
      async (stand) => {
        await stand.serve('r1', { slots: [0, 1], env: { COLOUR: 'red' } });
        const before = await instancesOf(stand, 'r1');
        await stand.serve('r1', { slots: [1, 2], env: { COLOUR: 'blue' }, leaveRunning: true });
        const after = await instancesOf(stand, 'r1');
        expect(after[1]).toBe(before[1]);
        expect(await coloursOf(stand, 'r1')).toEqual({ 1: 'red', 2: 'blue' });
        await stand.serve('r1', { slots: [1], env: { COLOUR: 'green' }, leaveRunning: true });
        expect(await instancesOf(stand, 'r1')).toEqual({ 1: before[1] });
        // What each was started with isn't forgotten: without that word the values count again.
        await stand.serve('r1', { slots: [1], env: { COLOUR: 'green' } });
        expect(await coloursOf(stand, 'r1')).toEqual({ 1: 'green' });
      },
      needsSlots(3),
    );

    check('of another service are none of this one', async (stand) => {
      const other = await open();
      try {
        await Promise.all([stand.serve('r1'), other.serve('r1')]);
        expect(await stand.endpoints('r1')).not.toEqual(await other.endpoints('r1'));
        await stand.retire('r1');
        expect(await other.probe('r1')).toEqual({ kind: 'healthy' });
        expect(await slotsListed(other)).toEqual({ r1: [0] });
      } finally {
        await other.close();
      }
    });
  });
}

/** What each instance calls itself, by number, asked where the platform says that it answers. */
export async function instancesOf(stand: PlatformStand, revision: string): Promise<Record<number, string>> {
  const found: Record<number, string> = {};
  for (const [slot, url] of Object.entries(await stand.urls(revision))) {
    const ended = await exchange(url);
    expect(ended).toMatchObject({ kind: 'answered', revision });
    if (ended.kind === 'answered') found[Number(slot)] = ended.instance;
  }
  return found;
}

/** Numbers of the instances that are listed, by revision. */
export async function slotsListed(stand: PlatformStand): Promise<Record<string, number[]>> {
  const listed = await stand.list();
  for (const { slots = [0], instances } of listed) expect(instances).toBe(slots.length);
  return Object.fromEntries(listed.map(({ revision, slots = [0] }) => [revision, slots]));
}

async function coloursOf(stand: PlatformStand, revision: string): Promise<Record<string, string>> {
  const asked = Object.entries(await stand.urls(revision)).map(async ([slot, url]) => {
    return [slot, await textAt(url, '/env?name=COLOUR')] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

export async function textAt(url: string, path: string): Promise<string> {
  const response = await fetch(new URL(path, url), { headers: { connection: 'close' } });
  return await response.text();
}
