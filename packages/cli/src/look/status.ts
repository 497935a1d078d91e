import type { EnvironmentStatus, SlipwayApi, TrafficRoute } from '@slipway/core';
import { formatDuration, formatMoment } from '../render/duration.ts';
import type { Look } from '../render/plan.ts';
import { renderReport } from '../render/report.ts';
import { renderTable } from '../render/table.ts';
import { count } from '../render/text.ts';

/** `status --json`: the newest (or named) deployment as `show --json` gives it, and the environment as it is now. */
export async function statusDocument(
  api: SlipwayApi,
  deployment: string | undefined,
): Promise<Record<string, unknown>> {
  if (deployment !== undefined) return { ...(await api.report(deployment)) };
  const { project, environment, lock, latest, services, resources } = await api.status();
  const now = { lock, services, resources };
  if (latest) return { ...(await api.report(latest.id)), ...now };
  return { id: null, kind: null, status: null, project, environment, ...now };
}

/** What people read: the environment now, or one deployment. */
export async function describeStatus(api: SlipwayApi, deployment: string | undefined, look: Look): Promise<string[]> {
  if (deployment !== undefined) return renderReport(await api.report(deployment), look, undefined);
  return renderStatus(await api.status(), look);
}

/** The environment's lock, newest deployment and services. */
export function renderStatus(status: EnvironmentStatus, look: Look): string[] {
  const { colors } = look;
  return [
    colors.bold(`${status.project} on ${status.environment}`),
    ...renderLock(status),
    ...renderLatest(status).map((line) => look.copyable(line)),
    `${count(status.resources, 'resource')}, ${count(status.services.length, 'service')}`,
    ...(status.services.length === 0 ? [] : ['', ...renderServices(status, look)]),
  ];
}

function renderLock({ lock }: EnvironmentStatus): string[] {
  if (lock === null) return [];
  const { holder } = lock;
  return [
    `locked by ${holder.user}@${holder.host} (pid ${holder.pid}: ${holder.command}) since ${formatMoment(holder.since)}`,
  ];
}

const OPEN = new Set(['pending', 'validating', 'in_progress', 'waiting', 'rolling_back']);

/** Can go on, or back. */
const STOPPED = new Set(['cancelled', 'timed_out']);

function renderLatest({ latest, lock, environment, waiting }: EnvironmentStatus): string[] {
  if (latest === null) return ['nothing was deployed yet'];
  const time = latest.durationMs === null ? '' : ` in ${formatDuration(latest.durationMs)}`;
  const status = latest.status.replaceAll('_', ' ');
  const lines = [`newest: ${latest.kind} ${latest.id}, ${status}${time}, begun ${formatMoment(latest.startedAt)}`];
  if (latest.status === 'waiting') {
    if (waiting !== undefined) lines.push(`        ${waiting}`);
    const alone = lock === null ? 'no process runs it; ' : '';
    const [goOn, skip, back] = ['continue', 'promote', 'abort'].map((what) => `slipway ${what} -e ${environment}`);
    const others = latest.kind === 'rollback' ? '' : `; past everything: ${skip}; take it back: ${back}`;
    lines.push(`        ${alone}go on: ${goOn}${others}`);
  } else if (lock === null && (OPEN.has(latest.status) || STOPPED.has(latest.status))) {
    const back =
      STOPPED.has(latest.status) && latest.kind === 'deploy' ? `; take it back: slipway abort -e ${environment}` : '';
    lines.push(`        no process runs it; go on with: slipway resume -e ${environment}${back}`);
  }
  return latest.error ? [...lines, `        ${latest.error.message}`] : lines;
}

function renderServices({ services }: EnvironmentStatus, { colors }: Look): string[] {
  const color = { healthy: colors.green, unhealthy: colors.red, unknown: colors.yellow };
  const rows = services.map((service) => [
    service.name,
    color[service.health](service.health),
    service.version ?? '-',
    service.url ?? '-',
    describeWeights(service),
    describeRunning(service),
    describeTraffic(service.traffic),
  ]);
  const reasons = services.flatMap(({ name, reason }) => (reason === undefined ? [] : [`${name}: ${reason}`]));
  return [...renderTable(['SERVICE', 'HEALTH', 'VERSION', 'URL', 'TRAFFIC', 'RUNNING', 'REQUESTS'], rows), ...reasons];
}

type Service = EnvironmentStatus['services'][number];

function describeWeights({ weights, routes = [], instances, revision }: Service): string {
  const entries = Object.entries(weights).filter(([, weight]) => weight > 0);
  if (entries.length === 0 && routes.length === 0) return revision ?? '-';
  const named = (name: string) => ((instances[name] ?? 1) > 1 ? `${name} ×${instances[name]}` : name);
  const shares = entries.map(([name, weight]) => (weight === 100 ? named(name) : `${named(name)} ${weight}%`));
  return [...shares, ...routes.map((route) => `${named(route.revision)} by ${describeRoute(route)}`)].join(', ');
}

function describeRoute(route: TrafficRoute): string {
  if ('port' in route) return `port ${route.port}`;
  return 'header' in route ? `${route.header}: ${route.value}` : `cookie ${route.cookie}=${route.value}`;
}

/** How many instances run of those that are recorded; what isn't simply running is named. */
function describeRunning({ running, instances }: Service): string {
  if (running.length === 0) return '-';
  const run = running.reduce((sum, revision) => sum + revision.instances, 0);
  const recorded = running.reduce((sum, { revision, instances: own }) => sum + (instances[revision] ?? own), 0);
  const restarts = running.reduce((sum, revision) => sum + revision.restarts, 0);
  const others = running
    .filter(({ state }) => state !== 'running')
    .map(({ revision, state }) => `${revision} ${state}`);
  const some = run < recorded ? `${run} of ${recorded} running` : `${run} running`;
  return `${[some, ...others].join(', ')}${restarts > 0 ? ` (${count(restarts, 'restart')})` : ''}`;
}

function describeTraffic(traffic: Service['traffic']): string {
  const all = Object.values(traffic);
  const requests = all.reduce((sum, one) => sum + one.requests, 0);
  const errors = all.reduce((sum, one) => sum + one.errors, 0);
  const p95 = Math.max(...all.map(({ latency }) => latency.p95 ?? -1), -1);
  return `${requests}${errors > 0 ? `, ${errors} failed` : ''}${p95 >= 0 ? `, p95 ${Math.round(p95)}ms` : ''}`;
}
