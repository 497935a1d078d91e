import { nameOf } from '../address.ts';
import { SlipwayError } from '../errors.ts';
import type { Settlement, StepContext, StepHandlers, StepOutcome } from '../execute/handler.ts';
import { equalJson } from '../json.ts';
import type { Step } from '../plan/step.ts';
import type { Platform } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import type { ServiceRecord } from '../state/record.ts';
import { probeInUse } from '../verify/probe-in-use.ts';
import { waitHealthy } from '../verify/wait-healthy.ts';

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
export function trafficHandlers(registry: ProviderRegistry): TrafficHandlers {
  const platformOf = (step: Step) => registry.requirePlatform(step.type, step.subject);
  return {
    probe: {
      async run(step, context) {
        const platform = platformOf(step);
        const { revision, health } = step.input;
        const target = { service: nameOf(step.subject), revision, health };
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
    switch: {
      async run(step, context) {
        const record = serviceRecord(step, context);
        const { weights } = step.input;
        const port = portOf(record, weights);
        const service = nameOf(step.subject);
        const { url } = await platformOf(step).router.setWeights(context.call, { service, port, weights });
        return switched(record, step.input, { url, port });
      },
      async settle(step, context) {
        const record = context.record(step.subject);
        if (record?.kind !== 'service') return REPEATABLE;
        const { weights } = step.input;
        const there = await platformOf(step).router.weights(context.call, nameOf(step.subject));
        if (!equalJson(there, weights) || equalJson(there, record.weights)) return REPEATABLE;
        const where = whereKnown(record, weights, platformOf(step));
        return where
          ? { as: 'done', outcome: switched(record, step.input, where), how: 'The router has it so.' }
          : REPEATABLE;
      },
    },
    verify: {
      async run(step, context) {
        const url = serviceRecord(step, context).outputs.url as string;
        const inUse = { ...step.input, service: nameOf(step.subject), url };
        const detail = await waitHealthy({
          subject: inUse.service,
          health: inUse.health,
          signal: context.signal,
          log: context.log,
          probe: () => probeInUse(platformOf(step), context.call, inUse),
        });
        return { changes: [], detail: { ...detail, url } };
      },
      settle,
    },
    drain: {
      async run(step, context) {
        const { revision, drainMs } = step.input;
        const drained = await platformOf(step).router.drain(context.call, {
          service: nameOf(step.subject),
          revision,
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
      async settle(step, context) {
        const { revision } = step.input;
        const service = nameOf(step.subject);
        const running = await platformOf(step).list(context.call);
        const record = context.record(step.subject);
        if (record?.kind !== 'service' || running.some((one) => one.service === service && one.revision === revision)) {
          return REPEATABLE;
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
        await platformOf(step).router.remove(context.call, nameOf(step.subject));
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

function serviceRecord(step: Step, context: StepContext): ServiceRecord {
  const record = context.record(step.subject);
  if (record?.kind === 'service') return record;
  throw new SlipwayError('record-missing', `${step.subject} isn't recorded any more.`, {
    subject: step.subject,
    hint: 'Somebody removed it from the state. Plan again.',
    details: { effect: 'none' },
  });
}

type Place = { url: string; port: number };

function switched(
  record: ServiceRecord,
  { weights, roles }: Extract<Step, { action: 'switch' }>['input'],
  place: Place,
): StepOutcome {
  const revisions = Object.fromEntries(
    Object.entries(record.revisions).map(([id, revision]) => [id, { ...revision, role: roles[id] ?? revision.role }]),
  );
  const put: ServiceRecord = { ...record, revisions, weights, outputs: { ...record.outputs, ...place } };
  return { changes: [{ put }], detail: { from: record.weights, to: weights } };
}

/** The URL that a switch whose answer was lost would have told, where it can be known without it. */
function whereKnown(
  record: ServiceRecord,
  weights: Readonly<Record<string, number>>,
  platform: Platform,
): Place | undefined {
  const port = portOf(record, weights);
  const target = Object.keys(weights).find((id) => record.revisions[id]);
  const spec = target === undefined ? undefined : record.revisions[target]?.spec;
  const predicted = spec && platform.predict?.(nameOf(record.address), spec).url;
  const url = predicted ?? (port === record.outputs.port ? record.outputs.url : undefined);
  return typeof url === 'string' ? { url, port } : undefined;
}

function without(record: ServiceRecord, revision: string): ServiceRecord {
  const { [revision]: _, ...revisions } = record.revisions;
  return { ...record, revisions };
}

/** Where the revision that gets the traffic wants to be reached; without one, where the service is reached now. */
function portOf(record: ServiceRecord, weights: Readonly<Record<string, number>>): number {
  const target = Object.keys(weights).find((id) => record.revisions[id]);
  const revision = target === undefined ? undefined : record.revisions[target];
  return revision?.spec.port ?? (record.outputs.port as number);
}
