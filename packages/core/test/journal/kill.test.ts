import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { replayState } from '../../src/journal/replay.ts';
import { openSqliteStore } from '../../src/journal/sqlite/open-sqlite-store.ts';
import { closed, spawnChild } from './children/spawn.ts';
import { KEY, temporaryDirectory } from './places.ts';

const KILLS = 20;

it(`keeps every acknowledged record over ${KILLS} kills, whole and in order`, async () => {
  const file = join(await temporaryDirectory(), 'state.db');
  const acknowledged = new Map<number, string>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = spawnChild('append-forever.ts', file);
    while (!child.output().includes('ready')) {
      expect(child.exitCode).toBeNull();
      await delay(5);
    }
    const enough = 1 + Math.random() * 20;
    while (child.output().split('\n').length - 2 < enough) await delay(1);
    child.kill('SIGKILL');
    await closed(child);
    const lines = child.output().split('\n').slice(1, -1);
    for (const line of lines) {
      const [seq, hash = ''] = line.split(' ');
      acknowledged.set(Number(seq), hash);
    }
  }

  const store = await openSqliteStore({ file, key: KEY });
  const events = await store.events({ environment: 'dev', limit: Number.MAX_SAFE_INTEGER });
  expect(acknowledged.size).toBeGreaterThan(KILLS);
  for (const [seq, hash] of acknowledged) expect(events[seq - 1]).toMatchObject({ seq, hash });
  expect(await store.state('dev')).toEqual(replayState(events));
  expect((await store.audit()).findings).toEqual([]);
  // Each run took the lock from the dead one before, at once.
  expect(events.filter((event) => event.type === 'lock.taken-over')).toHaveLength(KILLS - 1);
  expect((await store.readLock('dev'))?.epoch).toBe(KILLS);
  await store.close();
});

it('lets one of two contending processes write at a time; the other is fenced', async () => {
  const file = join(await temporaryDirectory(), 'state.db');
  const children = ['one', 'two'].map((name) =>
    spawnChild('contend.ts', file, name, '10', name === 'one' ? 'two' : 'one'),
  );
  await Promise.all(children.map(closed));
  const results = children.map(
    (child) => JSON.parse(child.output()) as { name: string; written: number[]; fenced: number },
  );

  const store = await openSqliteStore({ file, key: KEY });
  const events = await store.events({ environment: 'dev' });
  for (const { name, written, fenced } of results) {
    expect(fenced).toBeGreaterThan(0);
    const own = events.filter((event) => event.type === 'state.changed' && event.data.by === name);
    expect(own.map((event) => event.seq)).toEqual(written);
  }
  expect(Math.max(...results.map((result) => result.fenced))).toBe(10);
  const writers = new Map<number, string>();
  for (const event of events) {
    if (event.type !== 'state.changed') continue;
    expect(writers.get(event.epoch) ?? event.data.by).toBe(event.data.by);
    writers.set(event.epoch, event.data.by);
  }
  expect(events.map((event) => event.epoch)).toEqual(events.map((event) => event.epoch).sort((a, b) => a - b));
  expect((await store.audit()).findings).toEqual([]);
  await store.close();
});
