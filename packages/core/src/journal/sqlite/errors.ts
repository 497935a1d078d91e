import { SlipwayError } from '../../errors.ts';

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html */
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const FULL = 13;
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
  const code = resultCode(error);
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
    hint: unavailableHint(error, code),
    retryable: isBusy(error),
    cause: error,
  });
}

function unavailableHint(error: unknown, code: number): string {
  if (isBusy(error)) return 'Another process kept the file busy. Try again when it is done.';
  if (code === FULL) return 'Make room on the disk, then run the command again.';
  return 'Check that the file and its folder can be read and written, then run the command again.';
}
