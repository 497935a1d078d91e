import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CallContext, isObject, sha256 } from '@slipway/core/provider';

/**
 * What a release runs, by digest (`repository@sha256:…`) or the engine's own id, as publishing it found. It is a note
 * beside the state, so that a tag that moves later moves nothing that was released; without it the engine and the
 * registry are asked again.
 */
export async function rememberImage(context: CallContext, revision: string, image: string): Promise<void> {
  const file = noteOf(context, revision);
  await mkdir(dirname(file), { recursive: true });
  const fresh = `${file}.${randomUUID()}`;
  await writeFile(fresh, `${JSON.stringify({ revision, image })}\n`);
  await rename(fresh, file);
}

/** Undefined where it was never published from here, or a crash of the machine left half a note. */
export async function recallImage(context: CallContext, revision: string): Promise<string | undefined> {
  const text = await readFile(noteOf(context, revision), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return 'null';
    throw error;
  });
  const note = parse(text);
  return isObject(note) && typeof note.image === 'string' ? note.image : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noteOf({ stateDirectory, environment }: CallContext, revision: string): string {
  return join(stateDirectory, 'docker', `${sha256(`${environment}\0${revision}`).slice(0, 32)}.json`);
}
