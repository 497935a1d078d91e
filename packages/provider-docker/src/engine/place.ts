import { basename } from 'node:path';
import { type CallContext, sha256 } from '@slipway/core/provider';
import type { DockerOptions } from './options.ts';

/** What tells this project's environment from everything else on an engine. */
export interface Place {
  project: string;
  environment: string;
  network: string;
}

/** Projects of different names never share a place; a nameless one is told by its folder. */
export function placeOf({ project: name, directory, environment }: CallContext, options: DockerOptions): Place {
  const project = options.project ?? name ?? `${nameable(basename(directory))}-${sha256(directory).slice(0, 8)}`;
  const network = options.network ?? scopedName({ project, environment });
  return { project, environment, network };
}

/** The name of the container that is instance `slot` of a revision; the same on every try. */
export function containerName(
  { project, environment }: Place,
  service: string,
  revision: string,
  slot: number,
): string {
  return nameable(`${project}.${environment}.${service}.${revision}.${slot}`);
}

/** The name that a container has while it is being ended, and until it is removed: its own is free for another then. */
export function endingName(name: string, id: string): string {
  return isEndingName(name, id) ? name : `${name}${endingMark(id)}`;
}

/** True for a name that {@link endingName} gave. */
export function isEndingName(name: string, id: string): boolean {
  return name.endsWith(endingMark(id));
}

/** Of its own id, so that no revision's name is taken for it, nor one container's ending for another's. */
const endingMark = (id: string) => `.ending-${id.slice(0, 12)}`;

/**
 * The name on the engine of the environment's network, or of the volume that the config calls `name`. Names of projects and
 * environments may hold `-` and no `.`, so that `a-b` on `c` is not taken for `a` on `b-c`.
 */
export function scopedName({ project, environment }: Omit<Place, 'network'>, name?: string): string {
  return nameable(`slipway-${[project, environment, ...(name === undefined ? [] : [name])].join('.')}`);
}

/** What an engine takes as a name. */
export function nameable(text: string): string {
  return text.replace(/[^a-zA-Z0-9_.-]+/g, '-').replace(/^[^a-zA-Z0-9]+/, '') || 'slipway';
}
