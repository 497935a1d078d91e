import { access } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { SlipwayError } from '../../errors.ts';

/** In this order; the first that exists is the project's config. */
export const CONFIG_FILES = [
  'slipway.config.ts',
  'slipway.config.js',
  'slipway.config.mjs',
  'slipway.yaml',
  'slipway.yml',
] as const;

/** The absolute path of a project's config; `file` names one, relative to the directory. Throws `config-missing`. */
export async function findConfig(directory: string, file?: string): Promise<string> {
  if (file !== undefined) {
    const named = isAbsolute(file) ? file : resolve(directory, file);
    if (await exists(named)) return named;
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
