import { type CallContext, type PublishRequest, SlipwayError, sha256 } from '@slipway/core/provider';
import type { Engine } from '../engine/connect.ts';
import { LABEL, labelled } from '../engine/labels.ts';
import { isAbsent } from '../errors.ts';
import { instancesOf } from '../instance/instance.ts';
import { requireRunnable } from '../instance/require-runnable.ts';
import { buildImage } from './build-image.ts';
import { recallImage, rememberImage } from './published.ts';
import { digestIn, pullImage, pushImage } from './registry.ts';

/**
 * Sees to it that the engine has the release's image: builds it of the artifact unless one of an equal artifact is
 * there, and pushes it; or pulls the one that is given. Returns what to run: by digest where there is one, else by the
 * engine's id. Safe to repeat: a revision that is there keeps the image that it runs, wherever its tag has moved.
 */
export async function publishImage(context: CallContext, engine: Engine, request: PublishRequest): Promise<string> {
  requireRunnable(request);
  const { service, revision } = request;
  const isThere = (await instancesOf(engine, service, revision)).some(({ isEnding }) => !isEnding);
  const kept = isThere ? await publishedImage(context, engine, request) : undefined;
  return kept ?? (await publishAnew(context, engine, request));
}

/** What to run of a published release; pulled by digest, or made again, where the engine has lost it. */
export async function imageOf(context: CallContext, engine: Engine, request: PublishRequest): Promise<string> {
  return (await publishedImage(context, engine, request)) ?? (await publishAnew(context, engine, request));
}

async function publishAnew(context: CallContext, engine: Engine, request: PublishRequest): Promise<string> {
  const { image } = request.spec;
  const found = await (image === undefined
    ? publishBuilt(context, engine, request)
    : publishGiven(context, engine, { ...request, image }));
  await rememberImage(context, revisionKey(request), found);
  return found;
}

/** As publishing found it, pulled by digest where the engine has lost it. Undefined: never published, or lost for good. */
async function publishedImage(
  context: CallContext,
  engine: Engine,
  request: PublishRequest,
): Promise<string | undefined> {
  const known = await recallImage(context, revisionKey(request));
  if (known === undefined || (await hasImage(engine, known))) return known;
  if (!known.includes('@')) return undefined;
  context.log(`pulls ${known}, which the engine no longer has`);
  await pullImage(engine, known, subjectOf(request), context.log);
  return known;
}

const revisionKey = ({ service, revision }: PublishRequest) => `${service}\0${revision}`;
const subjectOf = ({ service }: PublishRequest) => `service:${service}`;

async function publishBuilt(context: CallContext, engine: Engine, request: PublishRequest): Promise<string> {
  const { artifact, spec, service } = request;
  const build = sha256([artifact.digest, spec.path, spec.dockerfile ?? ''].join('\0'));
  const { repository, tag } = nameOfBuilt(engine, service, build);
  const subject = subjectOf(request);
  const id =
    (await findBuilt(engine, build)) ??
    (await fetchBuilt(context, engine, { repository, tag, build, subject })) ??
    (await buildImage(context, engine, request, { name: `${repository}:${tag}`, build }));
  if (!engine.options.registry) return id;
  // It may have been found under another name: built for another environment, or before there was a registry.
  await engine.docker.getImage(id).tag({ repo: repository, tag });
  const pushed = await pushImage(engine, { repository, tag, subject }, context.log);
  context.log(`pushed ${pushed}`);
  return pushed;
}

/** The project's own: another's of the same files goes when that one is cleared away. */
async function findBuilt({ docker, place }: Engine, build: string): Promise<string | undefined> {
  // Asked by one label: Podman finds no image where it is to look for two.
  const found = await docker.listImages({ filters: labelled({ [LABEL.build]: build }) });
  return found.find(({ Labels }) => Labels?.[LABEL.project] === place.project)?.Id;
}

/** Another machine may have built and pushed it. What is under the tag counts only if it was built of the same. */
async function fetchBuilt(
  context: CallContext,
  engine: Engine,
  { repository, tag, build, subject }: { repository: string; tag: string; build: string; subject: string },
): Promise<string | undefined> {
  if (!engine.options.registry) return undefined;
  try {
    await pullImage(engine, `${repository}:${tag}`, subject, context.log);
  } catch (error) {
    // Some registries deny what they don't have; where it is more than that, pushing will tell.
    const missing = error instanceof SlipwayError && ['image-not-found', 'registry-denied'].includes(error.code);
    if (missing) return undefined;
    throw error;
  }
  return await findBuilt(engine, build);
}

function nameOfBuilt({ options, place }: Engine, service: string, build: string): { repository: string; tag: string } {
  const name = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'service';
  const repository = options.registry
    ? `${options.registry.prefix}/${name(service)}`
    : `slipway/${name(place.project)}/${name(service)}`;
  return { repository, tag: build.slice(0, 16) };
}

async function publishGiven(
  context: CallContext,
  engine: Engine,
  request: PublishRequest & { image: string },
): Promise<string> {
  const { image } = request;
  const present = await hasImage(engine, image);
  if (!present || moves(image)) {
    context.log(`pulls ${image}`);
    await pullImage(engine, image, subjectOf(request), context.log).catch((error: unknown) => {
      if (!present) throw error;
      context.log(`runs the ${image} that the engine has: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  if (image.includes('@')) return image;
  const repository = image.replace(/:[^/:]*$/, '');
  return (await digestIn(engine, image, repository)) ?? (await engine.docker.getImage(image).inspect()).Id;
}

/** True for a tag that is meant to move: `latest`, or none. */
function moves(image: string): boolean {
  const [, tag = 'latest'] = (image.split('/').at(-1) ?? image).split(':');
  return !image.includes('@') && tag === 'latest';
}

async function hasImage({ docker }: Engine, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}
