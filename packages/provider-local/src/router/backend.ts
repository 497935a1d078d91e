import { statSync } from 'node:fs';
import { type Affinity, equalJson, SlipwayError, type TrafficRoute } from '@slipway/core/provider';

/** Where one instance of a revision answers: a process that listens, or a folder of files. */
export type Backend = HttpBackend | StaticBackend;

export interface HttpBackend {
  kind: 'http';
  /** The instance's number within its revision. */
  slot: number;
  host: string;
  port: number;
}

export interface StaticBackend {
  kind: 'static';
  /** The instance's number within its revision. */
  slot: number;
  /** Absolute; its content must not change while it is served. */
  directory: string;
}

/** What a router is told of one service. */
export interface RouteRequest {
  /** The router's name for the service, for example `staging/backend`. */
  key: string;
  /** Where users reach it; 0 is any free port, kept while the route lives. */
  port: number;
  /** The instances of each revision that take part. */
  backends: Readonly<Record<string, readonly Backend[]>>;
  /** Shares of new requests by revision, in any unit; what isn't named, or has 0, gets nothing new. */
  weights: Readonly<Record<string, number>>;
  /** Tried before the weights, in order. Default: none. */
  routes?: readonly TrafficRoute[];
  /** Default: each request goes wherever the weights say. */
  affinity?: Affinity;
}

/** A cookie's or header's name (RFC 9110, section 5.6.2). */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** Throws `route-invalid` for what can't be served, before anything changes. */
export function checkRoute({ key, weights, backends, routes = [], affinity }: RouteRequest): void {
  for (const [revision, weight] of Object.entries(weights)) {
    if (!Number.isFinite(weight) || weight < 0) {
      throw refuse(key, `The weight of ${revision} is ${weight}; it must be 0 or more.`);
    }
    if (weight > 0 && !backends[revision]?.length) {
      throw refuse(key, `${revision} has a weight of ${weight}, but no backend.`);
    }
  }
  for (const [revision, instances] of Object.entries(backends)) {
    for (const one of instances) {
      if (one.kind === 'static' && !statSync(one.directory, { throwIfNoEntry: false })?.isDirectory()) {
        throw refuse(key, `${revision} is to be served from ${one.directory}, which is not a folder.`);
      }
    }
  }
  for (const route of routes) {
    if (!backends[route.revision]?.length) throw refuse(key, `${route.revision} has a route, but no backend.`);
    const name = 'header' in route ? route.header : 'cookie' in route ? route.cookie : undefined;
    if (name !== undefined && !TOKEN.test(name)) throw refuse(key, `${JSON.stringify(name)} can't be a name there.`);
  }
  if (affinity && !TOKEN.test(affinity.cookie)) {
    throw refuse(key, `${JSON.stringify(affinity.cookie)} can't be the name of a cookie.`);
  }
}

export function sameBackend(a: Backend, b: Backend): boolean {
  return equalJson(a, b);
}

function refuse(key: string, message: string): SlipwayError {
  return new SlipwayError('route-invalid', message, {
    subject: key,
    hint: 'Stage the revision before it gets traffic.',
  });
}
