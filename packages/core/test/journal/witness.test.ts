import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { storeSamples } from '@slipway/provider-testkit';
import { expect, it, onTestFinished } from 'vitest';
import { openSqliteStore } from '../../src/journal/sqlite/open-sqlite-store.ts';
import { MIGRATIONS } from '../../src/journal/sqlite/schema.ts';
import type { Store } from '../../src/journal/store.ts';
import { spawnChild } from './children/spawn.ts';
import { KEY, temporaryDirectory } from './places.ts';

const { lockSample, put, stateChanged } = storeSamples;

async function openIn(file: string): Promise<Store> {
  const store = await openSqliteStore({ file, key: KEY });
  onTestFinished(() => store.close());
  return store;
}

/** What a killed process leaves: records that are in the write-ahead log alone. */
async function killedWriter(): Promise<string> {
  const file = join(await temporaryDirectory(), 'state.db');
  const child = spawnChild('append-forever.ts', file);
  await acknowledged(child);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return file;
}

/** Resolves when a record is said to be durable. */
async function acknowledged(child: ChildProcess & { output(): string }): Promise<void> {
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', () => {
      if (/\d [0-9a-f]{64}/.test(child.output())) resolve();
    });
  });
}

it('refuses a state whose write-ahead log was removed, writes nothing to it, and goes on when the log is back', async () => {
  const file = await killedWriter();
  const [wal, aside] = [`${file}-wal`, `${file}-aside`];
  await copyFile(wal, aside);
  await rm(wal);
  await rm(`${file}-shm`);
  const error = { code: 'state-behind', subject: file, message: expect.stringContaining('-wal was removed') };
  await expect(openSqliteStore({ file, key: KEY })).rejects.toMatchObject(error);
  await expect(openSqliteStore({ file, key: KEY })).rejects.toMatchObject(error);
  await rm(wal, { force: true });
  await rm(`${file}-shm`, { force: true });
  await copyFile(aside, wal);
  const store = await openIn(file);
  expect((await store.environments()).length).toBe(1);
  expect((await store.audit()).findings).toEqual([]);
});

it('refuses an older copy in place of the newest, unless what was seen is taken away', async () => {
  const file = join(await temporaryDirectory(), 'state.db');
  const store = await openIn(file);
  const epoch = await lockSample(store, 'dev');
  await store.append('dev', epoch, [stateChanged(put('a', 1))]);
  await store.close();
  await copyFile(file, `${file}-older`);
  const again = await openIn(file);
  await again.append('dev', epoch, [stateChanged(put('a', 2))]);
  await again.close();
  await copyFile(`${file}-older`, file);
  await expect(openSqliteStore({ file, key: KEY })).rejects.toMatchObject({
    code: 'state-behind',
    hint: expect.stringContaining(`${file}-seen`),
  });
  await rm(`${file}-seen`);
  const older = await openIn(file);
  expect(await older.events({ environment: 'dev' })).toHaveLength(1);
});

it('refuses a second writer while the first one works on a log that was removed', async () => {
  const file = join(await temporaryDirectory(), 'state.db');
  const child = spawnChild('append-forever.ts', file);
  await acknowledged(child);
  await rm(`${file}-wal`);
  await rm(`${file}-shm`);
  await expect(openSqliteStore({ file, key: KEY })).rejects.toMatchObject({ code: 'state-behind' });
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
  await once(child, 'exit');
});

it('brings a state of the first schema up to date, with all its records', async () => {
  const file = join(await temporaryDirectory(), 'state.db');
  const database = new DatabaseSync(file);
  database.exec(MIGRATIONS[0] as string);
  database.exec(`INSERT INTO environments (name, hash, holder, expires_at, epoch)
    VALUES ('dev', '${'0'.repeat(64)}', '{"id":"x"}', 1000, 7)`);
  database.exec('PRAGMA user_version = 1');
  database.close();
  const store = await openIn(file);
  expect(await lockSample(store, 'dev')).toBe(8);
  await store.append('dev', 8, [stateChanged(put('a', 1))]);
  expect((await store.audit()).findings).toEqual([]);
});
