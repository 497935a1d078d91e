import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { equalJson, type TrafficRequest } from '@slipway/core/provider';
import { backendsOf } from './config/declared.ts';
import { backendOf, type HaproxyOptions } from './options.ts';
import type { Place } from './place.ts';

/** A backend of a HAProxy that runs already. */
export interface Where {
  socket: string;
  backend: string;
}

/** What a service was told last. */
export interface Told extends TrafficRequest {
  /** Where it was told. Absent in what earlier versions wrote: where the options of now say. */
  where?: Where;
}

/** A service of an environment of this project. */
export interface Owner {
  environment: string;
  service: string;
}

/** Where the options of now have a service. */
export function whereOf(router: { socket: string; options: HaproxyOptions }, service: string): Where {
  return { socket: router.socket, backend: backendOf(router, service) };
}

/** Where a service was told something, when the options of now don't have it there. */
export function earlierPlace(router: { socket?: string; options: HaproxyOptions }, told: Told): Where | undefined {
  const { socket, options } = router;
  const isThere = socket !== undefined && equalJson(told.where, whereOf({ socket, options }, told.service));
  return isThere ? undefined : told.where;
}

/** What a HAProxy of somebody else's was told last, by service. */
export async function readRecord({ attached }: Pick<Place, 'attached'>): Promise<Record<string, Told>> {
  try {
    return JSON.parse(await readFile(attached, 'utf8')) as Record<string, Told>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

export async function writeRecord({ attached }: Pick<Place, 'attached'>, told: Record<string, Told>): Promise<void> {
  await writeFile(`${attached}.new`, JSON.stringify(told), { mode: 0o600, flush: true });
  await rename(`${attached}.new`, attached);
}

/** Servers of a backend that are not this service's, as far as anybody recorded whose they are. */
export async function serversOfOthers(place: Place, service: string, where: Where): Promise<Set<string>> {
  const here = basename(place.folder);
  const owners = [...(await ownersOfServers(place, where))];
  const others = owners.filter(([, owner]) => owner.environment !== here || owner.service !== service);
  return new Set(others.map(([name]) => name));
}

/**
 * Whose each server of a backend is, by its name, in all environments whose state is here; the one of this place is asked
 * first.
 */
export async function ownersOfServers({ folder, attached }: Place, where: Where): Promise<Map<string, Owner>> {
  const all = dirname(folder);
  const here = basename(folder);
  const entries = await readdir(all, { withFileTypes: true });
  const others = entries.filter((entry) => entry.isDirectory() && entry.name !== here).map(({ name }) => name);
  const owners = new Map<string, Owner>();
  for (const environment of [...others, here]) {
    const record = await readRecord({ attached: join(all, environment, basename(attached)) });
    for (const [service, told] of Object.entries(record)) {
      // What doesn't say where it is may be here.
      if (told.where && !equalJson(told.where, where)) continue;
      for (const { servers } of backendsOf(told)) {
        for (const { name } of servers) owners.set(name, { environment, service });
      }
    }
  }
  return owners;
}
