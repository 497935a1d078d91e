import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface ProjectFolder extends AsyncDisposable {
  directory: string;
}

/** A folder with these files, gone when the test ends. */
export async function projectFolder(files: Readonly<Record<string, string | Uint8Array>>): Promise<ProjectFolder> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-config-'));
  for (const [name, content] of Object.entries(files)) {
    const file = join(directory, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}
