import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/core/provider';
import type { Finding } from './finding.ts';
import { lookAround } from './look-around.ts';
import { type ConfigFormat, fileOf, writeConfig } from './write-config.ts';

export interface InitResult {
  /** The config's name, relative to the directory. */
  file: string;
  finding: Finding;
  /** Whether `.slipway/` was added to an existing .gitignore. */
  ignored: boolean;
}

const CONFIGS = ['slipway.config.ts', 'slipway.config.js', 'slipway.config.mjs', 'slipway.yaml', 'slipway.yml'];

/**
 * Writes a first config for a folder after looking at it. Refuses with `config-exists` when there is one.
 * Default format: TypeScript where `slipway` can be imported from, YAML elsewhere.
 */
export async function initProject(directory: string, template?: ConfigFormat): Promise<InitResult> {
  const existing = CONFIGS.find((name) => existsSync(join(directory, name)));
  if (existing !== undefined) throw configExists(directory, existing);
  const format = template ?? (importsSlipway(directory) ? 'typescript' : 'yaml');
  const finding = lookAround(directory);
  if (Object.keys(finding.services).length === 0) {
    finding.notes.push('Nothing here says how it is started, so the config declares one file to begin with.');
  }
  const file = fileOf[format];
  await makeFolder(directory);
  // Refuses too when a config appeared since the look above.
  await writeFile(join(directory, file), writeConfig(finding, format, installedSchema(directory)), { flag: 'wx' });
  return { file, finding, ignored: await ignoreState(directory) };
}

async function makeFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new SlipwayError('directory-missing', `The folder ${directory} can not be made (${code}).`, {
      subject: directory,
      hint: 'Name a folder with -C: one that is there, or one where nothing is yet.',
      cause,
    });
  }
}

function configExists(directory: string, name: string): SlipwayError {
  return new SlipwayError('config-exists', `There is a config already: ${name}.`, {
    subject: join(directory, name),
    hint: 'Change that one, or move it away first.',
  });
}

function importsSlipway(directory: string): boolean {
  try {
    createRequire(join(directory, 'slipway.config.ts')).resolve('slipway/package.json');
    return true;
  } catch {
    return false;
  }
}

function installedSchema(directory: string): string | undefined {
  const schema = 'node_modules/@slipway/core/schema/slipway.schema.json';
  return existsSync(join(directory, schema)) ? schema : undefined;
}

/** The state directory is no source: an existing .gitignore learns that. */
async function ignoreState(directory: string): Promise<boolean> {
  const file = join(directory, '.gitignore');
  if (!existsSync(file)) return false;
  const text = await readFile(file, 'utf8');
  if (/^\/?\.slipway\/?\s*$/m.test(text)) return false;
  await appendFile(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}.slipway/\n`);
  return true;
}
