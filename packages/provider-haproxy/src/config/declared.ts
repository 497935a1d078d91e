import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Endpoint, equalJson, type TrafficRequest } from '@slipway/core/provider';
import { serverWeights } from './server-weights.ts';

/** Everything that one HAProxy was told, by service; hosts are addresses. */
export type Declared = Record<string, TrafficRequest>;

/** On which it is listened for a service: its own and those of previews. */
export const portsOf = ({ port, routes }: TrafficRequest) => [
  port,
  ...routes.flatMap((route) => ('port' in route ? [route.port] : [])),
];

/** A server of a backend. Its name says whose it is: revision, number and where it answers. */
export interface Server {
  name: string;
  host: string;
  port: number;
  weight: number;
}

/** A backend of HAProxy with the servers that it is to have, and no others. */
export interface Backend {
  name: string;
  servers: Server[];
}

/** Replaces host names by addresses: servers that are added while HAProxy runs can't have names. */
export async function withAddresses(request: TrafficRequest): Promise<TrafficRequest> {
  const resolve = async (endpoint: Endpoint) =>
    isIP(endpoint.host) ? endpoint : { ...endpoint, host: (await lookup(endpoint.host)).address };
  const backends = await Promise.all(
    Object.entries(request.backends).map(async ([revision, endpoints]) => {
      return [revision, await Promise.all(endpoints.map(resolve))] as const;
    }),
  );
  return { ...request, backends: Object.fromEntries(backends) };
}

/** The service's own backend, by weight, and one for each of its routes. */
export function backendsOf(request: TrafficRequest, name = request.service): Backend[] {
  const routed = request.routes.map(({ revision }, at) => ({
    name: routeBackend(request.service, at),
    servers: (request.backends[revision] ?? []).map((endpoint) => serverOf(revision, endpoint, 1)),
  }));
  return [{ name, servers: weightedServers(request) }, ...routed];
}

/**
 * What a worker that still goes by `before` is to have, so that it distributes as wanted from now on: connections that
 * users keep open to it bring one request more. A route that is wanted no more leads where everybody goes.
 */
export function handingOver(before: TrafficRequest, wanted: TrafficRequest): Backend[] {
  const everybody = weightedServers(wanted);
  const routed = before.routes.map((route, at) => {
    const { revision: _, ...match } = route;
    const still = wanted.routes.find(({ revision: _other, ...other }) => equalJson(match, other));
    const servers = still && backendsOf({ ...wanted, routes: [still] })[1]?.servers;
    return { name: routeBackend(before.service, at), servers: servers ?? everybody };
  });
  return [{ name: before.service, servers: everybody }, ...routed];
}

export const routeBackend = (service: string, at: number) => `${service}:route-${at}`;

function weightedServers({ weights, backends }: TrafficRequest): Server[] {
  const counts = Object.fromEntries(Object.entries(backends).map(([revision, { length }]) => [revision, length]));
  return Object.entries(serverWeights(weights, counts)).flatMap(([revision, numbers]) =>
    numbers.map((weight, at) =>
      serverOf(revision, (backends[revision] as readonly Endpoint[])[at] as Endpoint, weight),
    ),
  );
}

function serverOf(revision: string, { slot, host, port }: Endpoint, weight: number): Server {
  const where = createHash('sha256').update(`${host} ${port}`).digest('hex').slice(0, 6);
  return { name: `${written(revision)}:${slot}:${where}`, host, port, weight };
}

const SERVER_NAME = /^([A-Za-z0-9_.-]+):(\d+):([0-9a-f]{6})$/;

/** Whose server it is by its name; undefined: not one of ours. */
export function ownerOf(server: string): { revision: string; slot: number } | undefined {
  const [, revision, slot] = SERVER_NAME.exec(server) ?? [];
  return revision === undefined ? undefined : { revision: read(revision), slot: Number(slot) };
}

/** What a name of HAProxy can't hold is written as `_` and its code in hex. */
export function written(revision: string): string {
  return revision.replace(/[^A-Za-z0-9.-]/gu, (sign) => `_${(sign.codePointAt(0) ?? 0).toString(16)}_`);
}

export function read(text: string): string {
  return text.replace(/_([0-9a-f]+)_/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
}
