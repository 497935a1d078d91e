import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { storeSamples } from '@slipway/provider-testkit';
import { expect, it } from 'vitest';
import { openSqliteStore } from '../../src/journal/sqlite/open-sqlite-store.ts';
import { spawnChild } from './children/spawn.ts';
import { KEY, temporaryDirectory } from './places.ts';

async function freshFile(): Promise<string> {
  return join(await temporaryDirectory(), 'nested', 'state.db');
}

it('refuses a state that a newer version wrote, and leaves it as it is', async () => {
  const file = await freshFile();
  await (await openSqliteStore({ file, key: KEY })).close();
  const database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 1000');
  database.close();
  await expect(openSqliteStore({ file, key: KEY })).rejects.toMatchObject({ code: 'state-too-new', subject: file });
});

it('refuses what is no database, and what was damaged', async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, 'state.db');
  await writeFile(file, 'not a database at all, '.repeat(500));
  await expect(openSqliteStore({ file, key: KEY })).rejects.toMatchObject({ code: 'state-corrupt', subject: file });

  const damaged = join(directory, 'damaged.db');
  const store = await openSqliteStore({ file: damaged, key: KEY });
  const epoch = await storeSamples.lockSample(store, 'dev');
  for (let turn = 0; turn < 50; turn += 1) {
    await store.append('dev', epoch, [storeSamples.stateChanged(storeSamples.put(`r${turn}`, 'x'.repeat(1_000)))]);
  }
  await store.close();
  const bytes = await readFile(damaged);
  await writeFile(damaged, bytes.fill(0xff, 8_192));
  const broken = await openSqliteStore({ file: damaged, key: KEY }).catch((error: unknown) => error);
  if (broken instanceof Error) {
    expect(broken).toMatchObject({ code: 'state-corrupt' });
  } else {
    const opened = broken as Awaited<ReturnType<typeof openSqliteStore>>;
    await expect(opened.state('dev')).rejects.toMatchObject({ code: 'state-corrupt' });
    await opened.close();
  }
});

it("refuses another program's database without touching it", async () => {
  const file = join(await temporaryDirectory(), 'state.db');
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE songs (title TEXT)');
  database.close();
  const before = await readFile(file);
  await expect(openSqliteStore({ file, key: KEY })).rejects.toMatchObject({ code: 'state-foreign' });
  expect(await readFile(file)).toEqual(before);
});

it('says what to do when the file cannot be used, and after it was closed', async () => {
  const directory = await temporaryDirectory();
  await expect(openSqliteStore({ file: directory, key: KEY })).rejects.toMatchObject({ code: 'journal-unavailable' });
  const store = await openSqliteStore({ file: join(directory, 'state.db'), key: KEY });
  await store.close();
  await store.close();
  await expect(store.append('dev', 1, [])).rejects.toMatchObject({ code: 'journal-unavailable' });
  await expect(store.state('dev')).rejects.toMatchObject({ code: 'journal-unavailable' });
});

it('lets several processes make and open the same state at once', async () => {
  const file = await freshFile();
  const children = [1, 2, 3].map(() => spawnChild('contend.ts', file, 'opener', '0'));
  const codes = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
  const stores = await Promise.all([1, 2, 3, 4].map(() => openSqliteStore({ file, key: KEY })));
  expect(await Promise.all(codes)).toEqual([0, 0, 0]);
  for (const store of stores) {
    expect((await store.audit()).findings).toEqual([]);
    await store.close();
  }
});
