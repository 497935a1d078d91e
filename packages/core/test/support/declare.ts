import type { Config } from './playground.ts';

/** A `memory:thing` with a value. */
export const thing = (value: unknown, more: Config = {}): Config => ({ type: 'memory:thing', value, ...more });

/** A service that needs no build and is probed without waiting. */
export function service(name: string, port: number, more: Config = {}): Config {
  return {
    path: name,
    run: 'serve',
    port,
    health: { http: '/', interval: '5ms', timeout: '2s', healthyAfter: 1, deadline: '50ms' },
    ...more,
  };
}
