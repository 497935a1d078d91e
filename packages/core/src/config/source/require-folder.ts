import { stat } from 'node:fs/promises';
import { SlipwayError } from '../../errors.ts';

/** Throws `directory-missing` unless there is a folder at this path. */
export async function requireFolder(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory()) return;
  const message = found ? `${directory} is a file, not a folder.` : `There is no folder ${directory}.`;
  const hint = found ? 'Name the folder of the config with -C, and the config itself with --config.' : 'Check -C.';
  throw new SlipwayError('directory-missing', message, { subject: directory, hint });
}
