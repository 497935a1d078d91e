import { nameOf } from '../address.ts';
import { describeError } from '../errors.ts';
import { isHeld } from '../journal/lock-keeper.ts';
import type { CallContext } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { EnvironmentStatus } from '../slipway-api.ts';
import { activeRevision, type ServiceRecord, slotsOf } from '../state/record.ts';
import { probeInUse } from '../verify/probe-in-use.ts';
import { adaptersOf, lookingContext } from './call-context.ts';
import { namesIn } from './names-in.ts';
import { readReport } from './read-report.ts';
import { projectName, recordedRuntime } from './recorded-runtime.ts';
import type { Workspace } from './workspace.ts';

type ServiceStatus = EnvironmentStatus['services'][number];

/** The environment as it is now: recorded, running, and asked from outside. Works without a readable config. */
export async function lookAtStatus(workspace: Workspace): Promise<EnvironmentStatus> {
  const { store, registry } = workspace;
  const environment = await workspace.environment();
  const [project, runtime, state, lock, [latest]] = await Promise.all([
    projectName(workspace, environment),
    recordedRuntime(workspace, environment),
    store.state(environment),
    store.readLock(environment),
    store.deployments({ environment, limit: 1 }),
  ]);
  const records = [...state.values()].filter((record) => record.kind === 'service');
  await registry.load([...namesIn(state), ...adaptersOf(runtime)]);
  const context = await lookingContext(workspace, environment, runtime);
  const waiting = latest?.status === 'waiting' ? (await readReport(store, latest.id)).waiting : undefined;
  const services = await Promise.all(records.map((record) => statusOf(record, registry, context)));
  return {
    project,
    environment,
    lock: lock && isHeld(lock) ? lock : null,
    latest: latest ?? null,
    ...(waiting === undefined ? {} : { waiting }),
    services,
    resources: state.size - records.length,
  };
}

async function statusOf(
  record: ServiceRecord,
  registry: ProviderRegistry,
  context: CallContext,
): Promise<ServiceStatus> {
  const name = nameOf(record.address);
  const active = activeRevision(record);
  const url = typeof record.outputs.url === 'string' ? record.outputs.url : null;
  const known = {
    name,
    url,
    version: active?.release.version ?? null,
    revision: active?.id ?? null,
    weights: record.weights,
    ...(record.routes ? { routes: record.routes } : {}),
    instances: Object.fromEntries(Object.values(record.revisions).map((one) => [one.id, slotsOf(one).length])),
  };
  const nothing = { running: [], traffic: {} };
  const platform = registry.platform(record.platform);
  if (!platform)
    return { ...known, ...nothing, health: 'unknown', reason: `no provider offers the platform ${record.platform}` };
  try {
    const router = registry.requireRouter(record.platform, record.router, record.address);
    const [all, traffic] = await Promise.all([platform.list(context), router.traffic(context, name)]);
    const running = all.filter((one) => one.service === name);
    if (!active || url === null) return { ...known, running, traffic, health: 'unknown' };
    // A router takes connections also where nothing is behind it, which a check of the port alone would take for health.
    if (!running.some(({ revision, instances }) => revision === active.id && instances > 0))
      return { ...known, running, traffic, health: 'unhealthy', reason: `no instance of ${active.id} runs` };
    const inUse = { service: name, revision: active.id, health: active.spec.health, url };
    const probe = await probeInUse(platform, context, inUse);
    if (probe.kind === 'healthy') return { ...known, running, traffic, health: 'healthy' };
    return { ...known, running, traffic, health: 'unhealthy', reason: probe.reason };
  } catch (error) {
    return { ...known, ...nothing, health: 'unknown', reason: describeError(error).message };
  }
}
