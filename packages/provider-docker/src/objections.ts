import { posix } from 'node:path';
import { type JsonObject, type Objection, type ServiceSpec, SlipwayError } from '@slipway/core/provider';
import { hostOf, isRemote } from './engine/connect.ts';
import { type DockerOptions, dockerSchema } from './engine/options.ts';
import { publishedAt } from './engine/published-at.ts';

/** What stands in the way of running a service, as far as the config and the names of the release's files tell. Pure. */
export function objectionsTo(
  { name, spec }: { name: string; spec: ServiceSpec },
  { environment, options, files }: { environment: string; options: JsonObject; files?: ReadonlySet<string> },
): Objection[] {
  const { use: _, ...given } = options;
  const read = dockerSchema.safeParse(given);
  return [
    ...(files ? missingDockerfile(name, spec, files) : []),
    ...(read.success ? unreachable(environment, read.data) : []),
  ];
}

/** A build command may still write one. */
function missingDockerfile(name: string, spec: ServiceSpec, files: ReadonlySet<string>): Objection[] {
  const { path, build, image, dockerfile = 'Dockerfile' } = spec;
  const needed = image === undefined && spec.static === undefined && build === undefined;
  const file = posix.join(path, dockerfile);
  if (!needed || files.has(file)) return [];
  const named =
    spec.dockerfile === undefined
      ? `name another with services.${name}.dockerfile`
      : `correct services.${name}.dockerfile, which is relative to services.${name}.path`;
  return [
    {
      what: `there is no ${file} to build its image with.`,
      hint: `Write it, ${named}, or name a finished image with services.${name}.image. What git ignores is no part of a release.`,
    },
  ];
}

function unreachable(environment: string, options: DockerOptions): Objection[] {
  const host = hostOf(options);
  try {
    publishedAt({ options, host, local: host.startsWith('unix:'), remote: isRemote(host) });
    return [];
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const where = `environments.${environment}.platform`;
    return [
      { what: error.message, hint: (error.hint ?? '').replace('under the environment’s platform', `in ${where}`) },
    ];
  }
}
