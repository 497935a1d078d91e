import type { IncomingMessage } from 'node:http';
import type { TrafficRoute } from '@slipway/core/provider';
import { cookieValue } from './cookies.ts';

/** Requests that go to a revision whatever its weight. */
export class DirectRoutes {
  readonly #byPort = new Map<number, string>();
  readonly #byContent: readonly ((request: IncomingMessage) => string | undefined)[];

  constructor(routes: readonly TrafficRoute[]) {
    for (const route of routes) {
      if ('port' in route && !this.#byPort.has(route.port)) this.#byPort.set(route.port, route.revision);
    }
    this.#byContent = routes.flatMap((route) => ('port' in route ? [] : [matcher(route)]));
  }

  /** Where requests come in that are for one revision alone. */
  get ports(): number[] {
    return [...this.#byPort.keys()];
  }

  /** Whose port this is; undefined for the users' own. */
  ofPort(port: number): string | undefined {
    return this.#byPort.size === 0 ? undefined : this.#byPort.get(port);
  }

  /** Whom a header or cookie names, the first route first. */
  ofRequest(request: IncomingMessage): string | undefined {
    for (const match of this.#byContent) {
      const revision = match(request);
      if (revision !== undefined) return revision;
    }
    return undefined;
  }
}

function matcher(route: Exclude<TrafficRoute, { port: number }>) {
  const { revision, value } = route;
  if ('cookie' in route) {
    const { cookie } = route;
    return ({ headers }: IncomingMessage) => (cookieValue(headers.cookie, cookie) === value ? revision : undefined);
  }
  const header = route.header.toLowerCase();
  return ({ headers }: IncomingMessage) => (headers[header] === value ? revision : undefined);
}
