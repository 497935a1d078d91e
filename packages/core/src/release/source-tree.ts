import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { SlipwayError } from '../errors.ts';

const run = promisify(execFile);
/** The mode of a submodule in git's index. */
const SUBMODULE = '160000';
const GIT_OUTPUT_LIMIT = 256 * 1024 * 1024;
/** Folders that are never source, where there is no git to say so. */
const NEVER_SOURCE = new Set(['.git', '.slipway', 'node_modules']);

/** One file of the source: its git mode and object id, whether or not git has stored it yet. */
export interface SourceFile {
  /** Relative to the project's directory, POSIX separators. */
  path: string;
  mode: string;
  object: string;
}

/** The project's source as it lies on disk: committed, staged, changed and new files alike. */
export interface SourceTree {
  /** The commit, shortened, `-dirty` when files differ from it; undefined outside git. */
  version: string | undefined;
  files: readonly SourceFile[];
}

/**
 * Reads the source tree below `directory`: git's own object ids for what is unchanged, and the same hash
 * computed for what is not committed, so that committing a change doesn't change its identity. Files
 * that git ignores don't count; those of a submodule or another repository inside that is checked out do. Outside a
 * git repository every file counts, but `.slipway` and `node_modules`.
 */
export async function readSourceTree(directory: string): Promise<SourceTree> {
  const prefix = await gitPrefix(directory);
  if (prefix === undefined) return { version: undefined, files: await walk(directory) };
  const [index, changed, commit] = await Promise.all([
    git(directory, ['ls-files', '--stage', '-z', '--', '.']),
    git(directory, ['ls-files', '--modified', '--others', '--deleted', '--exclude-standard', '-z', '--', '.']),
    headCommit(directory),
  ]);
  const files = new Map<string, SourceFile>();
  const inner = new Set<string>();
  for (const entry of index.split('\0')) {
    const match = /^(\d+) ([0-9a-f]+) \d\t(.+)$/s.exec(entry);
    if (match?.[1] === SUBMODULE) inner.add(match[3]!);
    else if (match) files.set(match[3]!, { path: match[3]!, mode: match[1]!, object: match[2]! });
  }
  for (const path of new Set(changed.split('\0').filter(Boolean))) {
    if (path.endsWith('/')) inner.add(path.slice(0, -1));
    else if (!inner.has(path)) {
      const file = await hashFile(directory, path);
      if (file) files.set(path, file);
      else files.delete(path);
    }
  }
  for (const repository of inner) {
    for (const file of await filesOfRepository(directory, repository)) files.set(file.path, file);
  }
  const own = [...files.values()].filter((file) => !file.path.startsWith('.slipway/'));
  const dirty = commit !== undefined && (await differsFromHead(directory));
  return { version: commit && `${commit}${dirty ? '-dirty' : ''}`, files: own };
}

/**
 * Paths (relative to `directory`) that differ between a git revision and the files on disk now; of a submodule, those
 * in it. Throws `revision-unknown`.
 */
export async function changedPaths(directory: string, revision: string): Promise<string[]> {
  if ((await gitPrefix(directory)) === undefined) throw noRepository(directory);
  if (revision.startsWith('-')) throw unknownRevision(revision);
  try {
    await git(directory, ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`]);
  } catch (cause) {
    throw unknownRevision(revision, cause);
  }
  const [tracked, fresh] = await Promise.all([
    git(directory, ['diff', '--name-only', '--relative', '--no-renames', '-z', revision, '--', '.']),
    git(directory, ['ls-files', '--others', '--exclude-standard', '-z', '--', '.']),
  ]);
  const paths = [...tracked.split('\0'), ...fresh.split('\0')].filter(Boolean);
  const inSubmodules = await Promise.all(paths.map((path) => changedInSubmodule(directory, path, revision)));
  return [...paths, ...inSubmodules.flat()];
}

/** Nothing for a path that is a file. */
async function changedInSubmodule(directory: string, path: string, revision: string): Promise<string[]> {
  const folder = path.replace(/\/$/, '');
  if (!(await isRepository(join(directory, folder)))) return [];
  try {
    const before = (await git(directory, ['rev-parse', '--verify', '--quiet', `${revision}:./${folder}`])).trim();
    return (await changedPaths(join(directory, folder), before)).map((inner) => `${folder}/${inner}`);
  } catch {
    // It was not there then, or what it held then is not in this clone: all of it may be new.
    return (await filesOfRepository(directory, folder)).map((file) => file.path);
  }
}

/** The source in a repository inside this one. A submodule that isn't checked out has none. */
async function filesOfRepository(directory: string, folder: string): Promise<SourceFile[]> {
  if (!(await isRepository(join(directory, folder)))) return [];
  const { files } = await readSourceTree(join(directory, folder));
  return files.map((file) => ({ ...file, path: `${folder}/${file.path}` }));
}

async function isRepository(folder: string): Promise<boolean> {
  return await access(join(folder, '.git')).then(
    () => true,
    () => false,
  );
}

/** The part of a source tree under these folders or files. */
export function filesUnder(tree: SourceTree, paths: readonly string[]): SourceFile[] {
  const named = paths.filter((path) => path !== '');
  const roots = named.map((path) =>
    path === '.' || path === './' ? '' : path.replace(/^\.\//, '').replace(/\/$/, ''),
  );
  return tree.files.filter((file) => roots.some((root) => isUnder(file.path, root)));
}

export function isUnder(path: string, root: string): boolean {
  return root === '' || path === root || path.startsWith(`${root}/`);
}

/** One digest for a set of source files: equal content, modes and names, equal digest. */
export function digestOfFiles(files: readonly SourceFile[]): string {
  const lines = files.map((file) => `${file.mode} ${file.object} ${file.path}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

function noRepository(directory: string): SlipwayError {
  return new SlipwayError(
    'revision-unknown',
    `${directory} is in no git repository, so nothing can tell what changed.`,
    {
      subject: directory,
      hint: 'Name what is to be deployed instead: --only NAME,NAME.',
    },
  );
}

function unknownRevision(revision: string, cause?: unknown): SlipwayError {
  return new SlipwayError('revision-unknown', `Git knows no revision ${revision}.`, {
    subject: revision,
    hint: 'Name a commit, tag or branch that this clone has, for example HEAD~1. A shallow clone (git rev-parse --is-shallow-repository) lacks older ones: git fetch --unshallow.',
    cause,
  });
}

async function git(directory: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run('git', ['-c', 'core.quotepath=off', ...args], {
    cwd: directory,
    maxBuffer: GIT_OUTPUT_LIMIT,
    env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' },
  });
  return stdout;
}

async function gitPrefix(directory: string): Promise<string | undefined> {
  try {
    return (await git(directory, ['rev-parse', '--show-prefix'])).trim();
  } catch {
    return undefined;
  }
}

async function headCommit(directory: string): Promise<string | undefined> {
  try {
    return (await git(directory, ['rev-parse', '--short=12', 'HEAD'])).trim();
  } catch {
    return undefined;
  }
}

async function differsFromHead(directory: string): Promise<boolean> {
  const status = await git(directory, ['status', '--porcelain', '-z', '--untracked-files=normal', '--', '.']);
  return status.split('\0').some((line) => line !== '' && !line.slice(3).startsWith('.slipway'));
}

async function hashFile(directory: string, path: string): Promise<SourceFile | undefined> {
  const absolute = join(directory, path);
  const stat = await lstat(absolute).catch(() => undefined);
  if (stat?.isSymbolicLink()) return { path, mode: '120000', object: blobId(Buffer.from(await readlink(absolute))) };
  if (!stat?.isFile()) return undefined;
  return { path, mode: stat.mode & 0o100 ? '100755' : '100644', object: blobId(await readFile(absolute)) };
}

/** What `git hash-object` gives: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
function blobId(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

/**
 * The files under these paths of a folder that no git knows, such as an artifact, with the identity that they have
 * as source. What isn't there is left out.
 */
export async function filesBelow(directory: string, paths: readonly string[]): Promise<SourceFile[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const stat = await lstat(join(directory, path)).catch(() => undefined);
      if (stat?.isDirectory()) return await walk(directory, join(directory, path));
      const file = await hashFile(directory, path);
      return file ? [file] : [];
    }),
  );
  return [...new Map(found.flat().map((file) => [file.path, file])).values()];
}

async function walk(directory: string, from = directory): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const pending = [from];
  while (pending.length > 0) {
    const folder = pending.pop()!;
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (NEVER_SOURCE.has(entry.name)) continue;
      const absolute = join(folder, entry.name);
      if (entry.isDirectory()) pending.push(absolute);
      else {
        const file = await hashFile(directory, relative(directory, absolute).split(sep).join('/'));
        if (file) files.push(file);
      }
    }
  }
  return files;
}
