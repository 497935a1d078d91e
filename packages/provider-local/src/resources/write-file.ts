import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SlipwayError, sha256 } from '@slipway/core/provider';

export interface FileToWrite {
  /** Absolute. */
  target: string;
  content: string;
  mode: number;
  /** False: a file that is already there stays, and the call fails with `file-exists`. */
  overwrite: boolean;
  /** Names the temporary file beside the target, so that a repeated call takes over what a killed one left. */
  token: string;
}

/**
 * Writes a whole file or nothing: into a temporary file first, flushed to the disk, then put in place in one
 * step. A symbolic link at the target is replaced, not followed. Missing folders are made. Safe to repeat.
 */
export async function writeWhole(file: FileToWrite): Promise<void> {
  const folder = dirname(file.target);
  await makeFolder(folder);
  const temporary = temporaryFor(file.target, file.token);
  try {
    await writeFlushed(temporary, file.content, file.mode);
    // A link, unlike a rename, never takes the place of something.
    if (file.overwrite) await rename(temporary, file.target);
    else await link(temporary, file.target);
  } catch (error) {
    throw explain(error, file.target);
  } finally {
    await rm(temporary, { force: true });
  }
  await flushFolder(folder);
}

/** Removes what an interrupted call with this token may have left beside the target. Safe to repeat. */
export async function removeTemporary(target: string, token: string): Promise<void> {
  await rm(temporaryFor(target, token), { force: true });
}

/** Removes a file durably; one that is gone already is fine. */
export async function removeFile(target: string): Promise<void> {
  await rm(target, { force: true });
  await flushFolder(dirname(target));
}

function temporaryFor(target: string, token: string): string {
  return join(dirname(target), `.slipway-${sha256(`${target} ${token}`).slice(0, 20)}.tmp`);
}

async function writeFlushed(path: string, content: string, mode: number): Promise<void> {
  await rm(path, { force: true });
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    // Not at opening: there the umask would take rights away.
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // The folder is gone, and with it what was to be flushed; or the system knows no flushing of folders.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'EPERM' && code !== 'EISDIR') throw error;
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new SlipwayError('folder-impossible', `The folder ${folder} can't be made (${codeOf(error)}).`, {
      subject: folder,
      hint: 'Look whether a file is in its way, and whether you may write there.',
      details: { effect: 'none' },
      cause: error,
    });
  }
}

function explain(error: unknown, target: string): SlipwayError {
  const code = codeOf(error);
  const [name, message, hint] =
    code === 'EEXIST'
      ? ['file-exists', `${target} is already there, and not from here.`, TAKE_OVER]
      : code === 'EISDIR'
        ? ['file-exists', `${target} is a folder.`, 'Choose another path, or move the folder away.']
        : ['file-unwritable', `${target} can't be written (${code}).`, 'Check rights and space there.'];
  return new SlipwayError(name, message, { subject: target, hint, details: { effect: 'none' }, cause: error });
}

const TAKE_OVER = 'Bring it under management with `slipway import`, move it away, or set `overwrite: true`.';

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unexpected';
