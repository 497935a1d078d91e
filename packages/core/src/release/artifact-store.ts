import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, copyFile, cp, lstat, mkdir, readdir, readlink, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SlipwayError } from '../errors.ts';
import type { SourceFile } from './source-tree.ts';

/** Folders of a build that are no part of an artifact. */
const NOT_SHIPPED = new Set(['.git', '.slipway']);

export interface StoredArtifact {
  /** SHA-256 over names, modes and contents. */
  digest: string;
  sizeBytes: number;
}

const DIGEST = /^[0-9a-f]{64}$/;

/** Artifacts in folders named by the digest of what they hold: written once, never changed. */
export class ArtifactStore {
  readonly #directory: string;
  /** Digests that this process has held their content against. */
  readonly #checked = new Set<string>();

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

  /** The digests of all artifacts that are kept. */
  async list(): Promise<string[]> {
    const names = await readdir(this.#directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names.filter((name) => DIGEST.test(name)).sort();
  }

  /** Whether an artifact that is kept holds what was built, and nothing else. */
  async isWhole(digest: string): Promise<boolean> {
    const content = await listContent(this.pathOf(digest));
    if (content.notShipped.length > 0 || content.unfit.length > 0) return false;
    return (await digestOfContent(this.pathOf(digest), content.files)).digest === digest;
  }

  /** An empty folder to build in; on the same disk, so that keeping the result is one rename. */
  async openWorkspace(): Promise<string> {
    const folder = join(this.#directory, `.build-${process.pid}-${randomUUID().slice(0, 8)}`);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /**
   * Keeps a workspace's content under its digest. Safe to repeat: the same content is kept once. Throws
   * `artifact-unfit` when it has sockets, pipes or devices.
   */
  async keep(workspace: string): Promise<StoredArtifact> {
    const { files, notShipped, unfit } = await listContent(workspace);
    if (unfit[0] !== undefined) throw artifactUnfit(unfit[0]);
    for (const folder of notShipped) await rm(join(workspace, folder), { recursive: true, force: true });
    const stored = await digestOfContent(workspace, files);
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

  /**
   * The artifact's folder, its content held against the digest, once a process. Throws `artifact-missing` and
   * `artifact-altered`.
   */
  async require(digest: string, subject: string): Promise<string> {
    if (await this.has(digest)) {
      if (!this.#checked.has(digest) && !(await this.isWhole(digest)))
        throw artifactAltered(this.pathOf(digest), subject);
      this.#checked.add(digest);
      return this.pathOf(digest);
    }
    throw new SlipwayError('artifact-missing', `The artifact ${digest.slice(0, 12)} is not in ${this.#directory}.`, {
      subject,
      hint: 'It was removed by hand. Deploy the version again from its source: git switch --detach VERSION && slipway deploy.',
      details: { effect: 'none' },
    });
  }
}

function artifactAltered(folder: string, subject: string): SlipwayError {
  return new SlipwayError(
    'artifact-altered',
    `The artifact ${folder} is not what was built: its content was altered.`,
    {
      subject,
      hint: 'Nothing of it was run. Put it back from a backup, or remove the folder and deploy: it is built again.',
      details: { effect: 'none' },
    },
  );
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

function artifactUnfit(path: string): SlipwayError {
  return new SlipwayError('artifact-unfit', `The build left ${path}, which is neither a file nor a link.`, {
    subject: path,
    hint: 'Sockets, pipes and devices can not be shipped: let the build command remove it.',
    details: { effect: 'none' },
  });
}

async function digestOfContent(folder: string, files: readonly string[]): Promise<StoredArtifact> {
  const total = createHash('sha256');
  let sizeBytes = 0;
  for (const path of files) {
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

/** Paths within a folder, by what becomes of them. */
interface Content {
  /** Files and links, sorted. */
  files: string[];
  /** Folders that are left out. */
  notShipped: string[];
  /** What can't be copied. */
  unfit: string[];
}

async function listContent(root: string): Promise<Content> {
  const content: Content = { files: [], notShipped: [], unfit: [] };
  const pending = [root];
  while (pending.length > 0) {
    const folder = pending.pop()!;
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const absolute = join(folder, entry.name);
      const path = relative(root, absolute);
      if (entry.isDirectory()) {
        if (NOT_SHIPPED.has(entry.name)) content.notShipped.push(path);
        else pending.push(absolute);
      } else if (entry.isFile() || entry.isSymbolicLink()) content.files.push(path);
      else content.unfit.push(path);
    }
  }
  content.files.sort();
  return content;
}
