import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import ignoreModule from '@balena/dockerignore';
import { pack } from 'tar-fs';

/**
 * A service's folder as an engine takes it: a tar archive without what its `.dockerignore` names. The Dockerfile and the
 * `.dockerignore` are always in it, since the engine reads them. Owners are left out, so that equal folders give equal layers.
 */
export async function buildContext(folder: string, dockerfile: string): Promise<Readable> {
  const wanted = await readIgnore(folder);
  const always = new Set([dockerfile, '.dockerignore']);
  const entries: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() && !entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name)
      .slice(folder.length + 1)
      .replaceAll('\\', '/');
    if (always.has(path) || wanted(path)) entries.push(path);
  }
  const map = <T extends { uid?: number; gid?: number }>(header: T): T => Object.assign(header, { uid: 0, gid: 0 });
  return pack(folder, { entries: entries.sort(), map });
}

async function readIgnore(folder: string): Promise<(path: string) => boolean> {
  const text = await readFile(join(folder, '.dockerignore'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return ignoreModule.default({ ignorecase: false }).add(text).createFilter();
}
