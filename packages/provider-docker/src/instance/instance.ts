import type { Endpoint } from '@slipway/core/provider';
import type Docker from 'dockerode';
import type { Engine } from '../engine/connect.ts';
import { LABEL, labelled, placeLabels } from '../engine/labels.ts';
import { isEndingName } from '../engine/place.ts';

/** One container of a revision, as the engine lists it. */
export interface Instance {
  id: string;
  name: string;
  service: string;
  revision: string;
  slot: number;
  /** In the engine's words: created, running, restarting, exited, paused, removing, dead. */
  state: string;
  /** Slipway began to end it, whatever became of the run that did: it is about to go, and nothing counts on it any more. */
  isEnding: boolean;
  /** Where it answers; undefined where it has no address: stopped, on a network that fixes none. */
  endpoint: Endpoint | undefined;
  labels: Record<string, string>;
}

/** The containers of the place that bear these labels besides, whoever's run made them; by service, revision, number. */
export async function findInstances(engine: Engine, labels: Record<string, string> = {}): Promise<Instance[]> {
  const filters = labelled({ ...placeLabels(engine.place), ...labels });
  const found = await engine.docker.listContainers({ all: true, filters });
  return found.flatMap((one) => instanceOf(engine, one) ?? []).sort(inOrder);
}

/** The containers of one revision. */
export function instancesOf(engine: Engine, service: string, revision: string): Promise<Instance[]> {
  return findInstances(engine, { [LABEL.service]: service, [LABEL.revision]: revision });
}

/** Where an instance answers, for people and as a preview. */
export function urlOf({ endpoint }: Instance): string {
  return endpoint ? `http://${endpoint.host}:${endpoint.port}` : '';
}

/** Undefined for a container of ours that is no instance. */
function instanceOf(engine: Engine, found: Docker.ContainerInfo): Instance | undefined {
  const labels = found.Labels;
  const { [LABEL.service]: service, [LABEL.revision]: revision, [LABEL.slot]: slot } = labels;
  if (service === undefined || revision === undefined || slot === undefined) return undefined;
  return {
    id: found.Id,
    name: (found.Names[0] ?? found.Id).replace(/^\//, ''),
    service,
    revision,
    slot: Number(slot),
    state: found.State,
    isEnding: found.Names.some((name) => isEndingName(name, found.Id)),
    endpoint: endpointOf(engine, found, Number(slot)),
    labels,
  };
}

function endpointOf(
  { place }: Engine,
  { Labels, NetworkSettings }: Docker.ContainerInfo,
  slot: number,
): Endpoint | undefined {
  const published = Labels[LABEL.published];
  if (published !== undefined) {
    const [host = '', port] = published.split(':');
    return { slot, host, port: Number(port) };
  }
  const networks = NetworkSettings?.Networks ?? {};
  const joined = networks[place.network] ?? Object.values(networks)[0];
  const host = addressOf(joined);
  return host === undefined ? undefined : { slot, host, port: Number(Labels[LABEL.port]) };
}

/** The address that it has, or will have again when it is started. */
export function addressOf(joined: Docker.NetworkInfo | undefined): string | undefined {
  const fixed = (joined?.IPAMConfig as Docker.IPAMConfig | null | undefined)?.IPv4Address;
  return fixed || joined?.IPAddress || undefined;
}

function inOrder(a: Instance, b: Instance): number {
  if (a.service !== b.service) return a.service < b.service ? -1 : 1;
  if (a.revision !== b.revision) return a.revision < b.revision ? -1 : 1;
  return a.slot - b.slot;
}
