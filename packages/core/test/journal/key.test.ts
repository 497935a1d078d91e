import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readKey, readOrMakeKey } from '../../src/journal/key.ts';
import { temporaryDirectory } from './places.ts';

it('makes one key, also when many ask at once, that only the owner may read', async () => {
  const directory = join(await temporaryDirectory(), '.slipway');
  const keys = await Promise.all(Array.from({ length: 20 }, () => readKey(directory)));
  expect(keys[0]).toHaveLength(32);
  for (const key of keys) expect(key).toEqual(keys[0]);
  expect(await readKey(directory)).toEqual(keys[0]);
  expect(await readdir(directory)).toEqual(['key']);
  expect((await stat(join(directory, 'key'))).mode & 0o777).toBe(0o600);
  expect(await readKey(join(directory, 'other'))).not.toEqual(keys[0]);
});

it('refuses a key that is not whole', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'key'), 'short');
  await expect(readKey(directory)).rejects.toMatchObject({ code: 'key-damaged', subject: join(directory, 'key') });
  await expect(readOrMakeKey(directory)).rejects.toMatchObject({ code: 'key-damaged' });
});

it('makes no new key for a state that has lost its own, unless it is told to', async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, 'key');
  const key = await readKey(directory);
  await writeFile(join(directory, 'state.db'), '');
  expect(await readKey(directory)).toEqual(key);
  await rm(file);
  await expect(readKey(directory)).rejects.toMatchObject({ code: 'key-missing', subject: file });
  expect(await readdir(directory)).toEqual(['state.db']);
  const fresh = await readOrMakeKey(directory);
  expect(fresh).not.toEqual(key);
  expect(await readKey(directory)).toEqual(fresh);
});

it('says what is wrong with a key that can not be read', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'file'), '');
  await expect(readKey(join(directory, 'file'))).rejects.toMatchObject({ code: 'key-unreadable' });
});
