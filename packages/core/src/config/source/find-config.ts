import { access, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { requireFolder } from './require-folder.ts';

/** In this order; the first that exists is the project's config. */
export const CONFIG_FILES = [
  'slipway.config.ts',
  'slipway.config.js',
  'slipway.config.mjs',
  'slipway.yaml',
  'slipway.yml',
] as const;

/** The absolute path of a project's config; `file` names one, relative to the directory. Throws `directory-missing` and `config-missing`. */
export async function findConfig(directory: string, file?: string): Promise<string> {
  await requireFolder(directory);
  if (file !== undefined) {
    const named = isAbsolute(file) ? file : resolve(directory, file);
    const found = await stat(named).catch(() => undefined);
    if (found && !found.isDirectory()) return named;
    if (found) {
      throw new SlipwayError('config-missing', `The config file ${named} is a folder.`, {
        subject: named,
        hint: 'Name the file with --config; a folder is named with -C.',
      });
    }
    throw new SlipwayError('config-missing', `There is no config file ${named}.`, {
      subject: named,
      hint: 'Check the path; it is relative to the project directory.',
    });
  }
  for (const name of CONFIG_FILES) {
    const candidate = join(directory, name);
    if (await exists(candidate)) return candidate;
  }
  throw new SlipwayError('config-missing', `There is no Slipway config in ${directory}.`, {
    subject: directory,
    hint: 'Run slipway init there, or name the project directory with -C.',
  });
}

export async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
