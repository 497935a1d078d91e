import { nameOf } from '../address.ts';
import type { HealthCheck } from '../config/project.ts';
import { describeError, SlipwayError } from '../errors.ts';
import type { Settlement, StepContext, StepHandlers, StepOutcome } from '../execute/handler.ts';
import { sameWeights } from '../plan/same-weights.ts';
import type { Step } from '../plan/step.ts';
import type { Endpoint, Platform, TrafficRequest } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { activeRevision, type RevisionRecord, type ServiceRecord, slotsOf } from '../state/record.ts';
import { recordedService, requireService } from './service-record.ts';

type SwitchInput = Extract<Step, { action: 'switch' }>['input'];
type Place = { url: string; port: number };

const AGAIN: Settlement = { as: 'not-done', how: 'Switching again gives the same.' };
/** For a service of which nothing is recorded that could be probed: a connection is enough. */
const ANY_ANSWER: HealthCheck = {
  tcp: true,
  intervalMs: 1_000,
  timeoutMs: 1_000,
  healthyAfter: 1,
  unhealthyAfter: 3,
  deadlineMs: 60_000,
};

/** Moves traffic: the router is told everything each time, from what the platform says of where instances answer. */
export function switchHandler(registry: ProviderRegistry): StepHandlers['switch'] {
  const routerOf = (step: Step, context: StepContext) =>
    registry.requireRouter(step.type, routerName(context), step.subject);
  return {
    async run(step, context) {
      const record = requireService(step, context);
      const router = routerOf(step, context);
      const platform = registry.requirePlatform(step.type, step.subject);
      const request = await trafficFor(record, step.input, platform, context);
      await leaveOtherRouter(record, registry, context);
      const { url } = await router.setWeights(context.call, request);
      await showActive(platform, step, context);
      return switched(record, step.input, { url, port: request.port }, context);
    },
    async settle(step, context) {
      const record = recordedService(step, context);
      if (!record) return AGAIN;
      const { weights } = step.input;
      const there = await routerOf(step, context).weights(context.call, nameOf(step.subject));
      if (!sameWeights(there, weights) || sameWeights(there, record.weights)) return AGAIN;
      const platform = registry.requirePlatform(step.type, step.subject);
      const where = whereKnown(record, step.input, platform);
      if (!where) return AGAIN;
      await showActive(platform, step, context);
      return {
        as: 'done',
        outcome: switched(record, step.input, where, context),
        how: 'The router has it so.',
      };
    },
  };
}

/** The sign of what has all the traffic follows the traffic; it holds nothing up. */
async function showActive(
  platform: Platform,
  step: Step & { input: SwitchInput },
  context: StepContext,
): Promise<void> {
  const whole = Object.keys(step.input.weights).find((id) => step.input.weights[id] === 100);
  if (whole === undefined || !platform.activated) return;
  try {
    await platform.activated(context.call, { service: nameOf(step.subject), revision: whole });
  } catch (error) {
    context.log(
      `${whole} has all the traffic, but ${platform.name} could not show it so: ${describeError(error).message}`,
    );
  }
}

/** The name of the environment's router; undefined: the platform's own. */
export function routerName({ call }: Pick<StepContext, 'call'>): string | undefined {
  const use = call.router?.use;
  return typeof use === 'string' ? use : undefined;
}

/** Everything that the router is told. Throws `no-endpoint` when a revision that is to get requests answers nowhere. */
async function trafficFor(
  record: ServiceRecord,
  input: SwitchInput,
  platform: Platform,
  context: StepContext,
): Promise<TrafficRequest> {
  const { weights, routes = [] } = input;
  const service = nameOf(record.address);
  const weighted = Object.keys(weights).filter((id) => weights[id]! > 0);
  const revisions = [...new Set([...weighted, ...routes.map(({ revision }) => revision)])];
  const found = revisions.length === 0 ? {} : await platform.endpoints(context.call, { service, revisions });
  const backends: Record<string, Endpoint[]> = {};
  for (const id of revisions) {
    const taking = input.slots?.[id] ?? slotsOf(record.revisions[id] ?? {});
    backends[id] = (found[id] ?? []).filter(({ slot }) => taking.includes(slot));
    if (backends[id].length === 0) throw noEndpoint(record, id, taking);
  }
  const active = toBeActive(record, input);
  return {
    service,
    port: portOf(record, input),
    weights,
    backends,
    routes,
    ...(active?.spec.affinity ? { affinity: active.spec.affinity } : {}),
    health: active?.spec.health ?? ANY_ANSWER,
  };
}

function noEndpoint(record: ServiceRecord, revision: string, slots: readonly number[]): SlipwayError {
  const which = slots.length === 1 ? `instance ${slots[0]}` : `none of the instances ${slots.join(', ')}`;
  return new SlipwayError(
    'no-endpoint',
    `${revision} of ${record.address} is to get requests, but ${which} ${slots.length === 1 ? 'does not run' : 'runs'}.`,
    {
      subject: record.address,
      hint: `See what became of it: slipway logs ${nameOf(record.address)}. No traffic was moved.`,
      retryable: true,
      details: { effect: 'none', revision },
    },
  );
}

/** Two routers can't have one port: where the environment has another one by now, the old route goes first. */
async function leaveOtherRouter(
  record: ServiceRecord,
  registry: ProviderRegistry,
  context: StepContext,
): Promise<void> {
  if (Object.keys(record.weights).length === 0) return;
  const platform = registry.requirePlatform(record.platform, record.address);
  const before = registry.routerFor(platform, record.router);
  const now = registry.routerFor(platform, routerName(context));
  if (!before || before.name === now?.name) return;
  context.log(`the route leaves ${before.name}: the environment's router is ${now?.name ?? 'gone'}`);
  await before.remove(context.call, nameOf(record.address));
}

/** The revision whose port, affinity and health check are the service's from then on. */
function toBeActive(record: ServiceRecord, { weights, roles }: SwitchInput): RevisionRecord | undefined {
  const named = Object.keys(roles).find((id) => roles[id] === 'active');
  const weighted = Object.keys(weights).find((id) => record.revisions[id]);
  const first = weighted === undefined ? undefined : record.revisions[weighted];
  return (named === undefined ? undefined : record.revisions[named]) ?? activeRevision(record) ?? first;
}

/** Where users reach the service from then on; when nobody is let in, where they did. */
function portOf(record: ServiceRecord, input: SwitchInput): number {
  const open = Object.keys(input.weights).length > 0 ? toBeActive(record, input) : undefined;
  return open?.spec.port ?? (record.outputs.port as number);
}

function switched(record: ServiceRecord, input: SwitchInput, place: Place, context: StepContext): StepOutcome {
  const { weights, roles, routes = [] } = input;
  const revisions = Object.fromEntries(
    Object.entries(record.revisions).map(([id, revision]) => [id, inRole(revision, roles[id], input.leaves === id)]),
  );
  const { routes: _, router: __, ...rest } = record;
  const router = routerName(context);
  const put: ServiceRecord = {
    ...rest,
    revisions,
    weights,
    ...(routes.length > 0 ? { routes } : {}),
    ...(router === undefined ? {} : { router }),
    outputs: { ...record.outputs, ...place },
  };
  return { changes: [{ put }], detail: { from: record.weights, to: weights } };
}

function inRole(revision: RevisionRecord, role = revision.role, isLeft = false): RevisionRecord {
  const { unproven, ...rest } = revision;
  return { ...rest, role, ...(isLeft || (unproven && role !== 'active') ? { unproven: true } : {}) };
}

/** The URL that a switch whose answer was lost would have told, where it can be known without it. */
function whereKnown(record: ServiceRecord, input: SwitchInput, platform: Platform): Place | undefined {
  const port = portOf(record, input);
  const spec = Object.keys(input.weights).length > 0 ? toBeActive(record, input)?.spec : undefined;
  const predicted = spec && platform.predict?.(nameOf(record.address), spec).url;
  const url = predicted ?? (port === record.outputs.port ? record.outputs.url : undefined);
  return typeof url === 'string' ? { url, port } : undefined;
}
