import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { SlipwayError } from '../../errors.ts';

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IO = 10;
const CORRUPT = 11;
const FULL = 13;
const CANT_OPEN = 14;
const NOT_A_DATABASE = 26;

function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | undefined)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** Whether another connection stood in the way and the same call may succeed in a moment. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === BUSY || code === LOCKED;
}

/** Says in Slipway's words what SQLite refused to do with `file`. Errors that aren't SQLite's stay as they are. */
export function explainSqliteError(error: unknown, file: string): unknown {
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ERR_INVALID_STATE') {
    return new SlipwayError('journal-unavailable', `The state ${file} was closed.`, { subject: file, cause: error });
  }
  // An integer that no column of Slipway's can have.
  const code = (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_OUT_OF_RANGE' ? CORRUPT : resultCode(error);
  if (code === undefined) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (code === CORRUPT || code === NOT_A_DATABASE) {
    return new SlipwayError('state-corrupt', `The state ${file} can't be read: ${reason}.`, {
      subject: file,
      hint: 'Put back a copy of the file from before it was damaged; keep the damaged one aside.',
      cause: error,
    });
  }
  return new SlipwayError('journal-unavailable', `The state ${file} can't be used: ${reason}.`, {
    subject: file,
    hint: unavailableHint(error, code, file),
    retryable: isBusy(error),
    cause: error,
  });
}

function unavailableHint(error: unknown, code: number, file: string): string {
  if (isBusy(error)) return 'Another process kept the file busy. Try again when it is done.';
  const maybeFull = code === IO || code === CANT_OPEN;
  if (code === FULL || (maybeFull && isFull(file))) return 'Make room on the disk, then run the command again.';
  if (code === READONLY || code === CANT_OPEN) {
    return `You must be able to write to ${file} and to its folder, also to look. Run Slipway as the user who deployed.`;
  }
  return 'Check that the file and its folder can be read and written, then run the command again.';
}

/** SQLite needs files beside its own to read as well; it calls a disk that has no room for them by other names. */
function isFull(file: string): boolean {
  try {
    const { bavail, ffree, files } = statfsSync(dirname(file));
    return bavail === 0 || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}
