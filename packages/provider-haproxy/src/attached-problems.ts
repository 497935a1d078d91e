import { basename } from 'node:path';
import { SlipwayError } from '@slipway/core/provider';
import { type Owner, ownersOfServers, whereOf } from './attached-record.ts';
import { ownerOf } from './config/declared.ts';
import { tooOld } from './errors.ts';
import { backendOf, type HaproxyOptions } from './options.ts';
import type { Place } from './place.ts';
import { isTooOld } from './process/check-version.ts';
import { ask } from './runtime/ask.ts';
import { info, type LiveServer, liveServers, type StatRow, stats } from './runtime/tables.ts';

const MOST_NAMES = 3;

interface Target {
  socket: string;
  options: HaproxyOptions;
  place: Place;
}

/** What it has now, and whose servers those of the service's backend are that this project gave it. */
interface Seen {
  rows: readonly StatRow[];
  servers: readonly LiveServer[];
  owners: ReadonlyMap<string, Owner>;
}

/**
 * What keeps a HAProxy that runs already from being told what these services need: all of it, each with what to do.
 * Looks only.
 */
export async function attachedProblems(
  target: Target,
  services: readonly string[],
  signal: AbortSignal,
): Promise<SlipwayError[]> {
  const { socket } = target;
  try {
    await refuseUnfit(socket, signal);
    const [rows, servers] = [await stats(socket, signal), await liveServers(socket, signal)];
    const problems = await Promise.all(
      services.map(async (service) => {
        const owners = await ownersOfServers(target.place, whereOf(target, service));
        return problemOf(service, target, { rows, servers, owners });
      }),
    );
    return [...sharedBackends(target, services), ...problems.flatMap((problem) => problem ?? [])];
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SlipwayError) return [error];
    throw error;
  }
}

/**
 * All that it takes where nothing is wanted of a HAProxy that runs already: a backend that it hasn't, or that isn't as it
 * should be, leads nobody to the service any more. Throws what is wrong with its version, its level or the way to it.
 */
export async function refuseUnfit(socket: string, signal: AbortSignal): Promise<void> {
  const { Version = '0' } = await info(socket, signal);
  if (isTooOld(Version)) throw tooOld(Version, socket);
  const level = (await ask(socket, 'show cli level', signal)).trim();
  if (level !== 'admin') throw notAdmin(socket, level);
}

function problemOf(service: string, target: Target, { rows, servers, owners }: Seen): SlipwayError | undefined {
  const backend = backendOf(target, service);
  const kinds = rows.filter(({ svname }) => svname === 'BACKEND');
  const own = kinds.find(({ pxname }) => pxname === backend);
  if (!own) return noBackend(service, backend, kinds);
  if (own.algo !== 'roundrobin') return notByWeight(service, backend, own.algo);
  const there = servers.filter((server) => server.backend === backend);
  const foreign = there.filter((server) => !ownerOf(server.name) && takesPart(server));
  if (foreign.length > 0) return foreignServers(backend, foreign);
  const environment = basename(target.place.folder);
  const others = there.flatMap(({ name, maintenance }) => (maintenance ? [] : (owners.get(name) ?? [])));
  const other = others.find((owner) => owner.environment !== environment || owner.service !== service);
  return other && takenBackend(service, backend, other, environment);
}

/** Of services of one environment. Each would take the other's servers for its own old ones. */
function sharedBackends(target: Target, services: readonly string[]): SlipwayError[] {
  const byBackend = Map.groupBy(services, (service) => backendOf(target, service));
  return [...byBackend].flatMap(([backend, several]) =>
    several.length < 2
      ? []
      : shared(backend, `The backend ${backend} is that of ${several.join(' and ')}, and can be one's only.`, 'each'),
  );
}

/** Of what is out only because something doesn't answer or resolve now, nobody knows for how long. */
const takesPart = ({ disabled, weight }: LiveServer) => !disabled && weight > 0;

function noBackend(service: string, backend: string, there: readonly StatRow[]): SlipwayError {
  const names = there.flatMap(({ pxname = '' }) => (pxname === 'MASTER' ? [] : pxname));
  return unusable(
    'haproxy-no-backend',
    `HAProxy has no backend ${backend} for ${service}${names.length === 0 ? '' : `; it has ${listed(names)}`}.`,
    backend,
    `Add \`backend ${backend}\` with \`balance roundrobin\` to its config and reload it, or name another one with router.backends.`,
  );
}

function notByWeight(service: string, backend: string, balance: string | undefined): SlipwayError {
  return unusable(
    'haproxy-balance',
    `The backend ${backend} balances by ${balance || 'something else'}, so ${service} can't be divided by weight.`,
    backend,
    `Write \`balance roundrobin\` in \`backend ${backend}\` of HAProxy's config, and reload it.`,
  );
}

function foreignServers(backend: string, servers: readonly LiveServer[]): SlipwayError {
  const names = listed(servers.map(({ name }) => name));
  const [what, them] =
    servers.length === 1
      ? ["a server that isn't Slipway's and takes", 'it']
      : ["servers that aren't Slipway's and take", 'them'];
  return unusable(
    'haproxy-foreign-server',
    `The backend ${backend} has ${what} part of the traffic: ${names}.`,
    backend,
    `Take ${them} out of the config, also a server-template, since Slipway adds its servers itself; or write \`disabled\` behind ${them}. Then reload HAProxy.`,
  );
}

function takenBackend(service: string, backend: string, other: Owner, environment: string): SlipwayError {
  const where = other.environment === environment ? '' : ` in the environment ${other.environment}`;
  return shared(
    backend,
    `The backend ${backend} has servers of ${other.service}${where}, so it can't be that of ${service} here.`,
    service,
  );
}

function shared(backend: string, message: string, whose: string): SlipwayError {
  return unusable(
    'haproxy-backend-shared',
    message,
    backend,
    `Give ${whose} a backend of its own in HAProxy's config, reload it, and name that with router.backends.`,
  );
}

function notAdmin(socket: string, level: string): SlipwayError {
  return unusable(
    'haproxy-not-permitted',
    `HAProxy's socket ${socket} has the level ${level}, which may not add servers.`,
    socket,
    `Give it the rights in HAProxy's config: \`stats socket ${socket} level admin\`, and reload HAProxy.`,
  );
}

function listed(names: readonly string[]): string {
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return names.slice(0, MOST_NAMES).join(', ') + more;
}

function unusable(code: string, message: string, subject: string, hint: string): SlipwayError {
  return new SlipwayError(code, message, { subject, hint, details: { effect: 'none' } });
}
