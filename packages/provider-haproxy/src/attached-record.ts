import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { backendsOf, type Declared } from './config/declared.ts';
import type { Place } from './place.ts';

/** A service of an environment of this project. */
export interface Owner {
  environment: string;
  service: string;
}

/** What a HAProxy of somebody else's was told last, by service. */
export async function readRecord({ attached }: Pick<Place, 'attached'>): Promise<Declared> {
  try {
    return JSON.parse(await readFile(attached, 'utf8')) as Declared;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

export async function writeRecord({ attached }: Pick<Place, 'attached'>, declared: Declared): Promise<void> {
  await writeFile(`${attached}.new`, JSON.stringify(declared), { mode: 0o600, flush: true });
  await rename(`${attached}.new`, attached);
}

/** Servers that are not this service's, as far as anybody recorded whose they are. */
export async function serversOfOthers(place: Place, service: string): Promise<Set<string>> {
  const here = basename(place.folder);
  const owners = [...(await ownersOfServers(place))];
  const others = owners.filter(([, owner]) => owner.environment !== here || owner.service !== service);
  return new Set(others.map(([name]) => name));
}

/** Whose each server is, by its name, in all environments whose state is here; the one of this place is asked first. */
export async function ownersOfServers({ folder, attached }: Place): Promise<Map<string, Owner>> {
  const all = dirname(folder);
  const here = basename(folder);
  const entries = await readdir(all, { withFileTypes: true });
  const others = entries.filter((entry) => entry.isDirectory() && entry.name !== here).map(({ name }) => name);
  const owners = new Map<string, Owner>();
  for (const environment of [...others, here]) {
    const declared = await readRecord({ attached: join(all, environment, basename(attached)) });
    for (const [service, request] of Object.entries(declared)) {
      for (const { servers } of backendsOf(request)) {
        for (const { name } of servers) owners.set(name, { environment, service });
      }
    }
  }
  return owners;
}
