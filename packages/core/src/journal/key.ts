import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';

const KEY_BYTES = 32;
const WAY_ON = 'if it is lost for good, go on with a new one: slipway audit accept-key';

/** The state's file in a state directory. It is never made before the key: a state without a key has lost it. */
export function stateFileOf(stateDirectory: string): string {
  return join(stateDirectory, 'state.db');
}

export function keyFileOf(stateDirectory: string): string {
  return join(stateDirectory, 'key');
}

/**
 * Reads the key of a state directory, `key`; makes it if nothing was recorded yet: 32 random bytes that only
 * the owner may read. It seals the journal and hashes secrets for comparison. Safe between processes: all get
 * the same one. Throws `key-missing` when it is gone although there is a state, `key-damaged` when the file
 * isn't a key, `key-unreadable`, and `state-unwritable` when it can't be made.
 */
export async function readKey(stateDirectory: string): Promise<Uint8Array> {
  const file = keyFileOf(stateDirectory);
  // Looked at first: whoever finds a state that is just being made must find its key too.
  const hasState = existsSync(stateFileOf(stateDirectory));
  const found = await readExisting(file);
  if (found) return found;
  if (hasState) throw keyMissing(file);
  return await makeKey(stateDirectory);
}

/** The key that is there, else a new one, whatever was recorded: for accepting it alone. */
export async function readOrMakeKey(stateDirectory: string): Promise<Uint8Array> {
  return (await readExisting(keyFileOf(stateDirectory))) ?? (await makeKey(stateDirectory));
}

/** What a key that isn't the journal's own means to a person. */
export function keyOther(file: string): SlipwayError {
  return new SlipwayError('key-other', `The key ${file} is not the one that this state was recorded with.`, {
    subject: file,
    hint: `Put back the key from a backup; ${WAY_ON}. Until then the state can only be looked at.`,
  });
}

function keyMissing(file: string): SlipwayError {
  return new SlipwayError('key-missing', `The key ${file} is gone, although deployments were recorded with it.`, {
    subject: file,
    hint: `Put it back from a backup; ${WAY_ON}. Until then the state can only be looked at.`,
  });
}

async function readExisting(file: string): Promise<Uint8Array | undefined> {
  let found: Uint8Array;
  try {
    found = await readFile(file);
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new SlipwayError('key-unreadable', `The key ${file} can not be read (${code}).`, {
      subject: file,
      hint: 'Run Slipway as the user who deployed; nobody else may read the key.',
      cause,
    });
  }
  if (found.length === KEY_BYTES) return found;
  throw new SlipwayError('key-damaged', `The key ${file} has ${found.length} bytes instead of ${KEY_BYTES}.`, {
    subject: file,
    hint: `Put it back from a backup; ${WAY_ON}, after removing the damaged file. Until then the state can only be looked at.`,
  });
}

/** Written whole beside its place and then linked there, which only the first of several can do. */
async function makeKey(stateDirectory: string): Promise<Uint8Array> {
  const file = keyFileOf(stateDirectory);
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    await mkdir(stateDirectory, { recursive: true });
    await writeDurably(draft, randomBytes(KEY_BYTES));
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    return await readFile(file);
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new SlipwayError('state-unwritable', `The key ${file} can not be made (${code}).`, {
      subject: file,
      hint: code === 'ENOSPC' ? 'Make room on the disk.' : 'Its folder must be one that you may write to.',
      cause,
    });
  } finally {
    await rm(draft, { force: true });
  }
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
