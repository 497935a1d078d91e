import type { CallContext, Endpoint } from '@slipway/core/provider';
import { fleetOf, type Host } from '../options.ts';
import { lookAtHosts } from './look.ts';

const ANY_ADDRESS = new Set(['0.0.0.0', '::', '*']);

/**
 * Where an instance is reached: the address that it listens on since it was started, whatever the inventory says by now;
 * the host's when it listens on all.
 */
export function endpointHost({ address, bindTo }: Pick<Host, 'address' | 'bindTo'>, listensOn: string): string {
  const on = listensOn === '' ? bindTo : listensOn;
  return ANY_ADDRESS.has(on) ? address : on;
}

/**
 * Where instances answer. A host that can't be reached is left out, whatever the policy, as long as another one can:
 * traffic must be able to leave a dead host.
 */
export async function endpoints(
  context: CallContext,
  { service, revisions }: { service: string; revisions: readonly string[] },
): Promise<Record<string, Endpoint[]>> {
  const found: Record<string, Endpoint[]> = Object.fromEntries(revisions.map((revision) => [revision, []]));
  for (const { host, value } of await lookAtHosts(context, { fleet: fleetOf(context), leaveOut: true, service })) {
    for (const { revision, port, listensOn } of value) {
      found[revision]?.push({ slot: host.slot, host: endpointHost(host, listensOn), port });
    }
  }
  return found;
}
