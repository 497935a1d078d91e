import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';

const KEY_BYTES = 32;

/**
 * Reads the key of a state directory, `key`; makes it if there is none: 32 random bytes that only the owner
 * may read. It seals the journal and hashes secrets for comparison. Safe between processes: all get the same
 * one. Throws `key-damaged` when the file isn't a key.
 */
export async function readKey(stateDirectory: string): Promise<Uint8Array> {
  const file = join(stateDirectory, 'key');
  const found = (await readExisting(file)) ?? (await makeKey(stateDirectory, file));
  if (found.length === KEY_BYTES) return found;
  throw new SlipwayError('key-damaged', `The key ${file} has ${found.length} bytes instead of ${KEY_BYTES}.`, {
    subject: file,
    hint: 'Put back the key that belongs to this state. Without it the journal can be read but not continued.',
  });
}

async function readExisting(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written whole beside its place and then linked there, which only the first of several can do. */
async function makeKey(stateDirectory: string, file: string): Promise<Uint8Array> {
  await mkdir(stateDirectory, { recursive: true });
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    await writeDurably(draft, randomBytes(KEY_BYTES));
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file);
}

async function writeDurably(file: string, content: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
