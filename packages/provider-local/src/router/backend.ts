import { statSync } from 'node:fs';
import { equalJson, SlipwayError } from '@slipway/core/provider';

/** Where a revision answers: a process that listens, or a folder of files. */
export type Backend = HttpBackend | StaticBackend;

export interface HttpBackend {
  kind: 'http';
  host: string;
  port: number;
}

export interface StaticBackend {
  kind: 'static';
  /** Absolute; its content must not change while it is served. */
  directory: string;
}

/** What a router is told of one service. */
export interface RouteRequest {
  /** The router's name for the service, for example `staging/backend`. */
  key: string;
  /** Where users reach it; 0 is any free port, kept while the route lives. */
  port: number;
  backends: Readonly<Record<string, Backend>>;
  /** Shares of new requests by revision, in any unit; what isn't named, or has 0, gets nothing new. */
  weights: Readonly<Record<string, number>>;
}

/** Throws `route-invalid` for weights or backends that can't be served, before anything changes. */
export function checkRoute(route: RouteRequest): void {
  for (const [revision, weight] of Object.entries(route.weights)) {
    if (!Number.isFinite(weight) || weight < 0) {
      throw refuse(route.key, `The weight of ${revision} is ${weight}; it must be 0 or more.`);
    }
    if (weight > 0 && !route.backends[revision]) {
      throw refuse(route.key, `${revision} has a weight of ${weight}, but no backend.`);
    }
  }
  for (const [revision, backend] of Object.entries(route.backends)) {
    if (backend.kind === 'static' && !statSync(backend.directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw refuse(route.key, `${revision} is to be served from ${backend.directory}, which is not a folder.`);
    }
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
