import type { Endpoint, JsonObject, RunningRevision } from '@slipway/core/provider';
import type Docker from 'dockerode';
import type { Engine } from '../engine/connect.ts';
import { LABEL, recordIn } from '../engine/labels.ts';
import { isAbsent } from '../errors.ts';
import { findInstances, type Instance, urlOf } from '../instance/instance.ts';

type State = RunningRevision['state'];

const STATES: Record<string, State> = { running: 'running', restarting: 'restarting' };
/** Worst first. */
const WORST: State[] = ['stopped', 'restarting', 'starting', 'running'];

/** Every revision of the place that has a container, whoever's run made it. */
export async function listRevisions(engine: Engine): Promise<RunningRevision[]> {
  const revisions = Object.values(
    Object.groupBy(await findInstances(engine), ({ service, revision }) => `${service}\0${revision}`),
  );
  const listed = await Promise.all(revisions.map((instances) => describe(engine, instances ?? [])));
  return listed.flatMap((one) => one ?? []);
}

/** Where the instances of these revisions answer, those that are stopped now included: they have their addresses. */
export async function endpointsOf(
  engine: Engine,
  { service, revisions }: { service: string; revisions: readonly string[] },
): Promise<Record<string, Endpoint[]>> {
  const found = await findInstances(engine, { [LABEL.service]: service });
  return Object.fromEntries(
    revisions.map((revision) => {
      const instances = found.filter((one) => one.revision === revision && !one.isEnding);
      return [revision, instances.flatMap(({ endpoint }) => endpoint ?? [])];
    }),
  );
}

/** What `stage` left with the containers of a service, by revision. */
export async function recoverRevisions(
  engine: Engine,
  service: string,
): Promise<{ record: JsonObject; slots: number[] }[]> {
  const found = await findInstances(engine, { [LABEL.service]: service });
  return Object.values(Object.groupBy(found, ({ revision }) => revision)).flatMap((instances = []) => {
    const record = instances.map(({ labels }) => recordIn(labels)).find((one) => one !== undefined);
    const slots = instances.filter(({ isEnding }) => !isEnding).map(({ slot }) => slot);
    return record ? [{ record, slots }] : [];
  });
}

/** A container, and what the engine says of it. */
interface Seen {
  instance: Instance;
  inspected: Docker.ContainerInspectInfo;
}

/** What is being ended counts as stopped, though its process may answer still. */
function stateOf({ instance, inspected }: Seen): State {
  return instance.isEnding ? 'stopped' : (STATES[inspected.State.Status] ?? 'stopped');
}

/** Undefined when it was removed while it was looked at. */
async function describe(engine: Engine, instances: Instance[]): Promise<RunningRevision | undefined> {
  const seen = (
    await Promise.all(instances.map(async (instance) => ({ instance, inspected: await inspect(engine, instance) })))
  ).filter((one): one is Seen => one.inspected !== undefined);
  const [first] = seen;
  if (!first) return undefined;
  const states = seen.map(stateOf);
  const running = seen.filter((one) => stateOf(one) === 'running');
  const started = running.map(({ inspected }) => inspected.State.StartedAt).sort();
  return {
    service: first.instance.service,
    revision: first.instance.revision,
    state: WORST.find((state) => states.includes(state)) ?? 'stopped',
    instances: running.length,
    slots: running.map(({ instance }) => instance.slot),
    preview: urlOf((running[0] ?? first).instance),
    restarts: seen.reduce((sum, { inspected }) => sum + inspected.RestartCount, 0),
    startedAt: started[0] === undefined ? null : new Date(started[0]).toISOString(),
  };
}

async function inspect({ docker }: Engine, { id }: Instance): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await docker.getContainer(id).inspect();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
