import { nameOf } from '../address.ts';
import { SlipwayError } from '../errors.ts';
import type { Settlement, StepContext, StepHandlers } from '../execute/handler.ts';
import { equalJson } from '../json.ts';
import type { Step } from '../plan/step.ts';
import type { Platform } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { type ServiceRecord, slotsOf } from '../state/record.ts';
import { probeInUse } from '../verify/probe-in-use.ts';
import { type HealthWait, waitHealthy } from '../verify/wait-healthy.ts';
import type { OwnRequests } from './own-requests.ts';
import { recordedService, requireService, withRevision, withSlots } from './service-record.ts';
import { routerName, switchHandler } from './switch-handler.ts';
import { slotsRunning, whatRuns } from './what-runs.ts';

type TrafficHandlers = Pick<StepHandlers, 'probe' | 'switch' | 'verify' | 'drain' | 'retire' | 'unroute'>;

/** How many lines of a revision that didn't become healthy are shown, and how many are looked through. */
const LAST_WORDS = 10;
const LAST_WORDS_OF_ALL = 200;

const REPEATABLE: Settlement = { as: 'not-done', how: 'Doing it again gives the same.' };
const settle = async () => REPEATABLE;

/**
 * Health, traffic and the end of revisions. Each is safe to repeat. What moved or ended something is asked about
 * nevertheless: after a run that goes back instead of on, what is recorded must be what is there.
 */
export function trafficHandlers(registry: ProviderRegistry, ownRequests: OwnRequests): TrafficHandlers {
  const platformOf = (step: Step) => registry.requirePlatform(step.type, step.subject);
  /** Where the route is recorded to be; before the first switch, the environment's. */
  const routerOf = (step: Step, context: StepContext) => {
    const record = recordedService(step, context);
    const isRouted = record !== undefined && record.outputs.url !== undefined;
    return registry.requireRouter(step.type, isRouted ? record.router : routerName(context), step.subject);
  };
  return {
    probe: {
      async run(step, context) {
        const platform = platformOf(step);
        const { revision, health, slots } = step.input;
        const target = { service: nameOf(step.subject), revision, health, ...(slots ? { slots } : {}) };
        try {
          const detail = await waitHealthy({
            subject: `${target.service}/${revision}`,
            health,
            signal: context.signal,
            log: context.log,
            probe: () => platform.probe(context.call, target),
          });
          return { changes: [], detail };
        } catch (error) {
          throw await withLastWords(error, platform, context, target);
        }
      },
      settle,
    },
    switch: switchHandler(registry),
    verify: {
      async run(step, context) {
        const url = requireService(step, context).outputs.url as string;
        const inUse = { ...step.input, service: nameOf(step.subject), url };
        const wait: HealthWait = {
          subject: inUse.service,
          health: inUse.health,
          signal: context.signal,
          log: context.log,
          probe: () => probeInUse(platformOf(step), context.call, inUse),
        };
        const detail = await ownRequests.during(inUse.service, () => waitHealthy(wait));
        return { changes: [], detail: { ...detail, url } };
      },
      settle,
    },
    drain: {
      async run(step, context) {
        const { revision, slots, drainMs } = step.input;
        const drained = await routerOf(step, context).drain(context.call, {
          service: nameOf(step.subject),
          revision,
          ...(slots ? { slots } : {}),
          drainMs,
        });
        if (drained.kind === 'timed-out') context.log(`${drained.open} requests were still open after ${drainMs} ms`);
        return { changes: [], detail: { ...drained } };
      },
      settle,
    },
    retire: {
      async run(step, context) {
        const { revision } = step.input;
        await platformOf(step).retire(context.call, { service: nameOf(step.subject), revision });
        const record = context.record(step.subject);
        if (record?.kind !== 'service') return { changes: [] };
        return { changes: [{ put: without(record, revision) }] };
      },
      /** Half-way, what runs of it is recorded: a way back must start again what is being ended. */
      async settle(step, context) {
        const { revision } = step.input;
        const found = await whatRuns(registry, step, context, revision);
        const record = recordedService(step, context);
        if (!record) return REPEATABLE;
        const known = record.revisions[revision];
        if (found) {
          const there = slotsRunning(found);
          if (!known || equalJson(there, slotsOf(known))) return REPEATABLE;
          return { ...REPEATABLE, changes: [{ put: withRevision(record, withSlots(known, there)) }] };
        }
        return {
          as: 'done',
          outcome: { changes: [{ put: without(record, revision) }] },
          how: 'The platform finds it gone.',
        };
      },
    },
    unroute: {
      async run(step, context) {
        await routerOf(step, context).remove(context.call, nameOf(step.subject));
        return { changes: context.record(step.subject) ? [{ remove: step.subject }] : [] };
      },
      settle,
    },
  };
}

/** What an unhealthy revision said last belongs into the error: it is about to be taken away. */
async function withLastWords(
  error: unknown,
  platform: Platform,
  context: StepContext,
  target: { service: string; revision: string },
): Promise<unknown> {
  if (!(error instanceof SlipwayError) || error.code !== 'unhealthy') return error;
  const lines: string[] = [];
  try {
    const query = { service: target.service, lines: LAST_WORDS_OF_ALL, follow: false };
    for await (const line of platform.logs(context.call, query)) {
      if (line.revision === target.revision && line.stream !== 'slipway') lines.push(line.text);
    }
  } catch {
    // The logs are a help, not the matter.
  }
  if (lines.length === 0) return error;
  const { code, subject, hint, details, cause } = error;
  const message = `${error.message}\nIts last lines:\n${lines.slice(-LAST_WORDS).join('\n')}`;
  const kept = {
    details,
    cause,
    ...(subject === undefined ? {} : { subject }),
    ...(hint === undefined ? {} : { hint }),
  };
  return new SlipwayError(code, message, kept);
}

function without(record: ServiceRecord, revision: string): ServiceRecord {
  const { [revision]: _, ...revisions } = record.revisions;
  return { ...record, revisions };
}
