import { readFile, stat } from 'node:fs/promises';
import {
  type CallContext,
  type JsonObject,
  type PropertyDifference,
  type ResourceType,
  SlipwayError,
  sha256,
} from '@slipway/core/provider';
import {
  DEFAULT_MODE,
  type FileProperties,
  fileProperties,
  fileSchema,
  isPrivate,
  locate,
  normalMode,
} from './file-properties.ts';
import { removeFile, removeTemporary, writeWhole } from './write-file.ts';

/** What `import` takes into the record at most, in bytes. */
const LARGEST_IMPORT = 1024 * 1024;

/**
 * `local:file`: a file of the project or of this machine, written whole or not at all.
 *
 * - Its id is the path as declared. Outputs: `path` (absolute), `sizeBytes` and `sha256`. A file that only
 *   its owner may read has no `sha256`: it may hold a secret, and a weak one could be found by its hash.
 *   Content that names a secret is accepted only for such a file.
 * - Creation never takes the place of a file that is there (`file-exists`), unless `overwrite` is set.
 * - Drift is a difference of content or rights. The content found is shown by its hash alone: what
 *   somebody else wrote there may be anything.
 * - Deletion removes the file even when it drifted: it was declared to be ours. Folders that were made stay.
 */
export const localFile: ResourceType = {
  name: 'local:file',
  description: 'A file on this machine.',
  schema: fileSchema,
  diff,
  predict,
  async read(context, { id, properties, outputs }) {
    const wanted = fileProperties(properties);
    const found = await look(locate(context.directory, wanted.path));
    if (!found) return { kind: 'absent' };
    if (matches(found, wanted)) return { kind: 'present', id, properties, outputs };
    const same = found.content.equals(Buffer.from(wanted.content));
    const content = same ? wanted.content : `(${found.content.length} bytes, SHA-256 ${sha256(found.content)})`;
    return { kind: 'present', id, properties: { ...properties, content, mode: found.mode }, outputs };
  },
  async find(context, { action, token, properties, recorded }) {
    const wanted = fileProperties(properties);
    const target = locate(context.directory, wanted.path);
    await removeTemporary(target, token);
    const found = await look(target);
    if (!found || (action !== 'delete' && !matches(found, wanted))) return { kind: 'absent' };
    return { kind: 'present', id: recorded?.id ?? wanted.path, outputs: outputsOf(target, wanted) };
  },
  async create(context, { token, properties }) {
    const wanted = fileProperties(properties);
    return await write(context, wanted, token, wanted.overwrite);
  },
  async update(context, { token, properties, changed, recorded }) {
    if (changed.every((path) => path === 'overwrite')) return { id: recorded.id, outputs: recorded.outputs };
    return await write(context, fileProperties(properties), token, true);
  },
  async delete(context, { properties }) {
    context.signal.throwIfAborted();
    await removeFile(locate(context.directory, fileProperties(properties).path));
  },
  async import(context, id, properties) {
    const target = locate(context.directory, id);
    const found = await look(target);
    if (!found) return { kind: 'absent' };
    const content = asText(found.content, target);
    const taken: JsonObject = { ...properties, path: id, content };
    if (found.mode !== DEFAULT_MODE || properties.mode !== undefined) taken.mode = found.mode;
    return { kind: 'present', id, properties: taken, outputs: outputsOf(target, fileProperties(taken)) };
  },
  irreversible(action, { overwrite }) {
    return action === 'create' && overwrite === true ? 'A file that it overwrites is not kept.' : undefined;
  },
  estimate: () => 20,
  cost: () => 0,
  timeoutMs: 60_000,
};

interface FoundFile {
  content: Buffer;
  mode: string;
}

async function look(target: string): Promise<FoundFile | undefined> {
  try {
    const [content, { mode }] = await Promise.all([readFile(target), stat(target)]);
    return { content, mode: normalMode(mode) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SlipwayError('file-unreadable', `${target} can't be read (${code}).`, {
      subject: target,
      hint: code === 'EISDIR' ? 'It is a folder; move it away.' : 'Check its rights.',
      cause: error,
    });
  }
}

function matches(found: FoundFile, wanted: FileProperties): boolean {
  return found.mode === wanted.mode && found.content.equals(Buffer.from(wanted.content));
}

async function write(context: CallContext, wanted: FileProperties, token: string, overwrite: boolean) {
  context.signal.throwIfAborted();
  const target = locate(context.directory, wanted.path);
  const { content, mode } = wanted;
  await writeWhole({ target, content, mode: Number.parseInt(mode, 8), overwrite, token });
  return { id: wanted.path, outputs: outputsOf(target, wanted) };
}

function outputsOf(target: string, wanted: FileProperties): JsonObject {
  return { path: target, ...contentOutputs(wanted) };
}

function contentOutputs({ content, mode }: FileProperties): JsonObject {
  const sizeBytes = Buffer.byteLength(content);
  return isPrivate(mode) ? { sizeBytes } : { sha256: sha256(content), sizeBytes };
}

/** Nothing while the content may still hold a reference. */
function predict(properties: JsonObject): JsonObject {
  const { content } = properties;
  return typeof content === 'string' && !content.includes('${') ? contentOutputs(fileProperties(properties)) : {};
}

function diff(before: JsonObject, after: JsonObject): PropertyDifference[] {
  const differences: PropertyDifference[] = [];
  const [left, right] = [fileProperties(before), fileProperties(after)];
  for (const key of ['path', 'content', 'mode', 'overwrite'] as const) {
    if (left[key] === right[key]) continue;
    differences.push({
      path: key,
      before: before[key] ?? null,
      after: after[key] ?? null,
      replaces: key === 'path',
    });
  }
  return differences;
}

function asText(content: Buffer, target: string): string {
  const text = content.length > LARGEST_IMPORT ? undefined : content.toString('utf8');
  if (text !== undefined && Buffer.from(text).equals(content)) return text;
  throw new SlipwayError('import-impossible', `${target} is no text of at most 1 MiB.`, {
    subject: target,
    hint: 'Only text files can be declared, and so imported.',
  });
}
