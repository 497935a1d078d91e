import { constants } from 'node:fs';
import { access, cp, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SlipwayError } from '@slipway/core/provider';

const partialOf = (directory: string) => `${directory}.partial`;

/**
 * Copies an artifact to where a revision runs. A whole copy or none: it appears under its name at once.
 * Safe to repeat; a copy that is there is kept. Throws `artifact-missing`.
 *
 * @param subject What runs in it, for the error: `service:web`.
 */
export async function makeWorkingCopy(artifact: string, directory: string, subject: string): Promise<void> {
  if (await exists(directory)) return;
  if (!(await exists(artifact))) {
    throw new SlipwayError('artifact-missing', `The artifact's folder ${artifact} is gone.`, {
      subject,
      hint: 'Deploy the service again, so that it is built anew.',
    });
  }
  const partial = partialOf(directory);
  await rm(partial, { recursive: true, force: true });
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  await cp(artifact, partial, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  await rename(partial, directory);
}

/** Safe to repeat. */
export async function removeWorkingCopy(directory: string): Promise<void> {
  await rm(partialOf(directory), { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
