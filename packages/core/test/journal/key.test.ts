import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readKey } from '../../src/journal/key.ts';
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
});
