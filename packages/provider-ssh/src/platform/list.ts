import type { CallContext, JsonObject, RunningRevision } from '@slipway/core/provider';
import { fleetOf, type Host } from '../options.ts';
import { endpointHost } from './endpoints.ts';
import { type Instance, lookAtHosts } from './look.ts';

/** From the best to the worst. */
const STATES: readonly RunningRevision['state'][] = ['running', 'starting', 'restarting', 'stopped'];

type Found = { host: Host; instance: Instance };

/** Every revision on the hosts, by service and id, its instances taken together. */
export async function list(context: CallContext): Promise<RunningRevision[]> {
  const hosts = await lookAtHosts(context, { fleet: fleetOf(context) });
  const all = hosts.flatMap(({ host, value }) => value.map((instance) => ({ host, instance })));
  const byRevision = Map.groupBy(all, ({ instance }) => JSON.stringify([instance.service, instance.revision]));
  return [...byRevision.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => summary(found));
}

function summary(found: Found[]): RunningRevision {
  const [{ host, instance }] = found as [Found];
  const running = found.filter((one) => one.instance.state === 'running');
  const started = found.map((one) => one.instance.startedAt).filter((at) => at !== null);
  return {
    service: instance.service,
    revision: instance.revision,
    state: found.map((one) => one.instance.state).reduce((a, b) => (STATES.indexOf(a) > STATES.indexOf(b) ? a : b)),
    instances: running.length,
    slots: running.map((one) => one.host.slot),
    preview: `http://${endpointHost(host, instance.listensOn)}:${instance.port}`,
    restarts: found.reduce((sum, one) => sum + one.instance.restarts, 0),
    startedAt: started.sort().at(-1) ?? null,
    ...(found.length === 1 && instance.pid > 0 ? { pid: instance.pid } : {}),
  };
}

/** What `stage` kept beside the revisions of a service, each with the hosts that have it. */
export async function recover(
  context: CallContext,
  service: string,
): Promise<{ record: JsonObject; slots: number[] }[]> {
  const hosts = await lookAtHosts(context, { fleet: fleetOf(context), service });
  const found = new Map<string, { record: JsonObject; slots: number[] }>();
  for (const { host, value } of hosts) {
    for (const { revision, record } of value) {
      if (!record) continue;
      const known = found.get(revision) ?? { record, slots: [] };
      known.slots.push(host.slot);
      found.set(revision, known);
    }
  }
  return [...found.values()];
}
