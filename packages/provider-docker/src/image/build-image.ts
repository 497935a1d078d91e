import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type CallContext, type PublishRequest, SlipwayError } from '@slipway/core/provider';
import type { Engine } from '../engine/connect.ts';
import { LABEL } from '../engine/labels.ts';
import { engineError } from '../errors.ts';
import { buildContext } from './build-context.ts';
import { followProgress } from './progress.ts';
import { credentials } from './registry.ts';

/** As Docker's builders and Podman's say it. */
const COMMAND_FAILED = /returned a non-zero code|did not complete successfully|while running runtime: exit status \d/i;

/**
 * Builds a service's image of its folder in the artifact, and passes on what the build prints. Returns the engine's id
 * of it. Throws `dockerfile-missing` before anything was done, and `image-build-failed` with the last lines.
 */
export async function buildImage(
  context: CallContext,
  engine: Engine,
  { service, spec, artifact }: PublishRequest,
  { name, build }: { name: string; build: string },
): Promise<string> {
  const subject = `service:${service}`;
  const folder = join(artifact.directory, spec.path);
  const dockerfile = spec.dockerfile ?? 'Dockerfile';
  await requireDockerfile(folder, { dockerfile, path: spec.path, subject });
  context.log(`builds the image of ${service} with ${dockerfile}`);
  const login = credentials(engine, `${engine.options.registry?.prefix ?? ''}/`);
  const stream = await engine.docker.buildImage(await buildContext(folder, dockerfile), {
    t: name,
    dockerfile,
    rm: true,
    forcerm: true,
    labels: {
      [LABEL.project]: engine.place.project,
      [LABEL.service]: service,
      [LABEL.artifact]: artifact.digest,
      [LABEL.build]: build,
    },
    ...(login
      ? { registryconfig: { [login.serveraddress]: { username: login.username, password: login.password } } }
      : {}),
  });
  const { failure, tail } = await followProgress(stream, context.log);
  if (failure !== undefined) throw buildFailed(engine, { failure, tail, service });
  return (await engine.docker.getImage(name).inspect()).Id;
}

async function requireDockerfile(
  folder: string,
  { dockerfile, path, subject }: { dockerfile: string; path: string; subject: string },
): Promise<void> {
  const found = await stat(join(folder, dockerfile)).catch(() => undefined);
  if (found?.isFile()) return;
  throw new SlipwayError('dockerfile-missing', `There is no ${dockerfile} in ${path}, so no image can be built.`, {
    subject,
    hint: 'Write one, name another with `dockerfile`, or name a finished image with `image`.',
    details: { effect: 'none' },
  });
}

function buildFailed(
  engine: Engine,
  { failure, tail, service }: { failure: string; tail: string[]; service: string },
): SlipwayError {
  const subject = `service:${service}`;
  // What a command of the Dockerfile printed is its own business, whatever words it used.
  const known = COMMAND_FAILED.test(failure) ? undefined : engineError(new Error(failure), engine, subject);
  if (known && known.code !== 'docker-refused') return known;
  const last = tail.filter((line) => line !== failure).join('\n');
  return new SlipwayError(
    'image-build-failed',
    `The image of ${service} could not be built: ${failure}${last === '' ? '' : `\n${last}`}`,
    {
      subject,
      hint: 'Mend the Dockerfile or what it runs, then deploy again.',
    },
  );
}
