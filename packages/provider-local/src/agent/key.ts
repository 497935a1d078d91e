import { randomBytes, randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/core/provider';

const KEY_BYTES = 32;

/** The project's key, made on first use. It appears whole: two makers at once read the same one. */
export async function readKey(state: string): Promise<Uint8Array> {
  const file = join(state, 'key');
  const found = (await readIfThere(file)) ?? (await makeKey(state, file));
  if (found.length === KEY_BYTES) return found;
  throw new SlipwayError('key-invalid', `${file} does not hold a key of ${KEY_BYTES} bytes.`, {
    hint: 'Restore it from a copy. Without it, what it protects can not be read.',
  });
}

async function makeKey(state: string, file: string): Promise<Uint8Array> {
  const draft = join(state, `.key-${randomUUID()}`);
  await writeFile(draft, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return await readFile(file);
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
