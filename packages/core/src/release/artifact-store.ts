import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, copyFile, cp, lstat, mkdir, readdir, readlink, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SlipwayError } from '../errors.ts';
import type { SourceFile } from './source-tree.ts';

/** Folders of a build that are neither part of an artifact nor hashed. */
const NOT_SHIPPED = new Set(['.git', '.slipway']);

export interface StoredArtifact {
  /** SHA-256 over names, modes and contents. */
  digest: string;
  sizeBytes: number;
}

/** Artifacts in folders named by the digest of what they hold: written once, never changed. */
export class ArtifactStore {
  readonly #directory: string;

  /** `stateDirectory`: the project's `.slipway`. */
  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'artifacts');
  }

  pathOf(digest: string): string {
    return join(this.#directory, digest);
  }

  async has(digest: string): Promise<boolean> {
    return await access(this.pathOf(digest)).then(
      () => true,
      () => false,
    );
  }

  /** An empty folder to build in; on the same disk, so that keeping the result is one rename. */
  async openWorkspace(): Promise<string> {
    const folder = join(this.#directory, `.build-${process.pid}-${randomUUID().slice(0, 8)}`);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** Keeps a workspace's content under its digest. Safe to repeat: the same content is kept once. */
  async keep(workspace: string): Promise<StoredArtifact> {
    const stored = await digestOfFolder(workspace);
    const target = this.pathOf(stored.digest);
    try {
      await rename(workspace, target);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
      await rm(workspace, { recursive: true, force: true });
    }
    return stored;
  }

  /** The artifact's folder, or `artifact-missing`. */
  async require(digest: string, subject: string): Promise<string> {
    if (await this.has(digest)) return this.pathOf(digest);
    throw new SlipwayError('artifact-missing', `The artifact ${digest.slice(0, 12)} is not in ${this.#directory}.`, {
      subject,
      hint: 'It was removed by hand. Deploy the version again from its source: git switch --detach VERSION && slipway deploy.',
      details: { effect: 'none' },
    });
  }
}

/** Copies source files from the project into a workspace, at the same relative paths. */
export async function copySource(directory: string, files: readonly SourceFile[], workspace: string): Promise<void> {
  for (const folder of new Set(files.map((file) => dirname(file.path)))) {
    await mkdir(join(workspace, folder), { recursive: true });
  }
  for (const file of files) {
    const [from, to] = [join(directory, file.path), join(workspace, file.path)];
    if (file.mode === '120000') await cp(from, to, { verbatimSymlinks: true });
    else if (file.mode.startsWith('100')) {
      await copyFile(from, to);
      await chmod(to, file.mode === '100755' ? 0o755 : 0o644);
    }
  }
}

async function digestOfFolder(folder: string): Promise<StoredArtifact> {
  const total = createHash('sha256');
  let sizeBytes = 0;
  for (const path of await listFiles(folder)) {
    const absolute = join(folder, path);
    const stat = await lstat(absolute);
    const name = path.split(sep).join('/');
    if (stat.isSymbolicLink()) total.update(`link ${name}\0${await readlink(absolute)}\0`);
    else {
      const content = createHash('sha256');
      await pipeline(createReadStream(absolute), content);
      total.update(`${stat.mode & 0o100 ? 'exec' : 'file'} ${name}\0${content.digest('hex')}\0`);
      sizeBytes += stat.size;
    }
  }
  return { digest: total.digest('hex'), sizeBytes };
}

async function listFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  const pending = [root];
  while (pending.length > 0) {
    const folder = pending.pop()!;
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const absolute = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!NOT_SHIPPED.has(entry.name)) pending.push(absolute);
      } else found.push(relative(root, absolute));
    }
  }
  return found.sort();
}
