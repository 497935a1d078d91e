import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Installation } from '../../tests/published/installation.ts';

/** Builds and packs the working tree, installs it into a folder of its own until this process ends, and says where it is. */
export async function installSlipway(): Promise<{ version: string; binary: string }> {
  const installation = await Installation.make();
  process.once('exit', () => installation.remove());
  const folder = join(installation.project, 'node_modules', 'slipway');
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  return { version, binary: join(folder, 'bin', 'slipway.js') };
}
