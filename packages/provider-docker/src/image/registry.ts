import { SlipwayError } from '@slipway/core/provider';
import type { Engine } from '../engine/connect.ts';
import { engineError, statusOf, wordsOf } from '../errors.ts';
import { followProgress } from './progress.ts';

/** What the engine is told to log in with, where the image lies in the config's registry; it goes in a header alone. */
export function credentials(
  { options: { registry } }: Engine,
  image: string,
): { serveraddress: string; username: string; password: string } | undefined {
  if (registry?.username === undefined) return undefined;
  const serveraddress = registryHost(registry.prefix);
  if (!image.startsWith(`${serveraddress}/`)) return undefined;
  return { serveraddress, username: registry.username, password: registry.password ?? '' };
}

/** Pulls an image by tag or digest. Throws `image-not-found`, `registry-denied`, `registry-unreachable` and what else the engine says. */
export async function pullImage(
  engine: Engine,
  image: string,
  subject: string,
  log: (line: string) => void,
): Promise<void> {
  const authconfig = credentials(engine, image);
  // What is known before the first byte of progress is an answer of its own.
  const failure = await engine.docker.pull(image, authconfig ? { authconfig } : {}).then(
    async (stream) => (await followProgress(stream, log)).failure,
    (error: unknown) => {
      if (statusOf(error) === undefined) throw error;
      return wordsOf(error);
    },
  );
  if (failure !== undefined) throw engineError(new Error(`${image} could not be pulled: ${failure}`), engine, subject);
}

/** Pushes a tagged image; what it is called by from now on: `repository@sha256:…`. Safe to repeat. */
export async function pushImage(
  engine: Engine,
  { repository, tag, subject }: { repository: string; tag: string; subject: string },
  log: (line: string) => void,
): Promise<string> {
  const image = `${repository}:${tag}`;
  // The engine wants the header of a push also where nobody logs in.
  const authconfig = credentials(engine, repository) ?? {
    serveraddress: registryHost(repository),
    username: '',
    password: '',
  };
  const stream = await engine.docker.getImage(repository).push({ tag, authconfig });
  const { failure, digest } = await followProgress(stream, log);
  if (failure !== undefined) {
    throw engineError(new Error(`${image} could not be pushed: ${failure}`), engine, subject);
  }
  // What Podman remembers of the image itself is the digest of its own copy, which the registry doesn't know.
  if (digest !== undefined) return `${repository}@${digest}`;
  throw new SlipwayError('image-digest-unknown', `${image} was pushed, but the engine does not tell its digest.`, {
    subject,
    hint: 'Deploy again; if it stays so, look into the engine’s log.',
  });
}

/** The image's digest in this repository, as the engine remembers it from a pull. */
export async function digestIn(engine: Engine, image: string, repository: string): Promise<string | undefined> {
  const { RepoDigests } = await engine.docker.getImage(image).inspect();
  return (RepoDigests ?? []).find((one) => one.startsWith(`${repository}@`));
}

/** `127.0.0.1:5000` of `127.0.0.1:5000/shop/backend`. */
function registryHost(name: string): string {
  return name.split('/')[0] ?? name;
}
