import { nameOf } from '../address.ts';
import type { Metric } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { StepContext } from '../execute/handler.ts';
import type { JsonObject } from '../json.ts';
import type { Step } from '../plan/step.ts';
import type { CallContext, MetricReading, MetricSource, Router } from '../provider/contract.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { type CountedTraffic, Marks } from './analyse-marks.ts';
import { routerName } from './switch-handler.ts';

/** A measurement looks back at least so far, in ms. */
export const SHORTEST_WINDOW_MS = 1_000;

/** The window of one measurement: its end by two clocks, and its length in ms. */
export interface Window {
  /** In ms since 1970. */
  to: number;
  /** In ms, of a clock that never jumps. */
  now: number;
  lengthMs: number;
  /** Up to when the measurement before has looked, in ms since 1970. */
  since: number;
}

/** Asks the sources of one analysis about revisions. What a source throws is thrown. */
export interface Sources {
  /** Takes what the router has counted by now, once for each moment, to count from or up to. */
  mark(now: number, signal: AbortSignal): Promise<void>;
  /** Slipway itself asks through the router: what that counts is no measurement, until {@link countAgain}. */
  leaveOut(): void;
  /** What the router counts after the next mark is measured again. */
  countAgain(): void;
  /** What the router had counted of these at the newest mark, to be restored; undefined where that is no beginning. */
  counted(revisions: readonly (string | null)[]): CountedTraffic | undefined;
  /** Goes on from what was counted then. */
  restore(at: number, traffic: CountedTraffic['traffic']): void;
  read(metric: Metric, revision: string, window: Window, signal: AbortSignal): Promise<MetricReading>;
}

/** The sources that a step may ask: the environment's router, and what its metric sources are declared as. */
export function openSources(
  registry: ProviderRegistry,
  step: Step,
  context: StepContext,
  metrics: readonly Metric[],
): Sources {
  const service = nameOf(step.subject);
  const marks = new Marks(Math.max(SHORTEST_WINDOW_MS, ...metrics.map(({ windowMs }) => windowMs ?? 0)));
  const found = new Map<string, Promise<{ source: MetricSource; options: JsonObject }>>();
  const sourceOf = (name: string) => {
    let source = found.get(name);
    if (!source) {
      source = findSource(registry, name, context.call.metricSources?.[name]);
      found.set(name, source);
    }
    return source;
  };
  const mark: Sources['mark'] = async (now, signal) => {
    const router = routerOf(registry, step, context);
    await marks.take(now, () => router.traffic({ ...context.call, signal }, service));
  };
  return {
    mark,
    leaveOut: () => marks.leaveOut(),
    countAgain: () => marks.countAgain(),
    counted: (revisions) => marks.counted(revisions),
    restore: (at, traffic) => marks.restore(at, traffic),
    async read(metric, revision, window, signal) {
      if (metric.source === 'router') {
        await mark(window.now, signal);
        return marks.read(metric.query, revision, window);
      }
      const { source, options } = await sourceOf(metric.source);
      const from = window.to - window.lengthMs;
      const since = Math.min(window.to, Math.max(from, window.since));
      const query = { service, revision, from, to: window.to, since };
      const call = { ...context.call, signal };
      const url = /\{\{\s*url\s*\}\}/.test(metric.query) ? await urlOf(registry, step, call, query) : '';
      return await source.read(call, options, { ...query, query: fillIn(metric.query, { ...query, url }) });
    },
  };
}

/** Where the revision's first instance answers, whatever traffic it has. */
async function urlOf(
  registry: ProviderRegistry,
  step: Step,
  call: CallContext,
  { service, revision }: { service: string; revision: string },
): Promise<string> {
  const platform = registry.requirePlatform(step.type, step.subject);
  const found = await platform.endpoints(call, { service, revisions: [revision] });
  const first = found[revision]?.[0];
  if (first) return `http://${first.host}:${first.port}`;
  throw new SlipwayError('no-instance', `No instance of ${revision} runs that could be asked.`, {
    subject: `${service}/${revision}`,
    hint: `See what it says: slipway logs ${service}.`,
  });
}

/** Where the service's route is recorded to be; before the first switch, the environment's. */
function routerOf(registry: ProviderRegistry, step: Step, context: StepContext): Router {
  const record = context.record(step.subject);
  const isRouted = record?.kind === 'service' && record.outputs.url !== undefined;
  return registry.requireRouter(step.type, isRouted ? record.router : routerName(context), step.subject);
}

/** The source that is declared under this name, or that has it and needs no options. */
async function findSource(
  registry: ProviderRegistry,
  name: string,
  declared: JsonObject | undefined,
): Promise<{ source: MetricSource; options: JsonObject }> {
  const { use: wanted, ...options } = declared ?? {};
  const use = typeof wanted === 'string' ? wanted : name;
  await registry.load([use]);
  const source = registry.metricSource(use);
  if (!source) {
    throw new SlipwayError('metric-source-unknown', `No provider offers the metric source ${use}.`, {
      subject: name,
      hint: `Declare it for the environment: metricSources: { ${name}: { use: prometheus, url: … } }.`,
    });
  }
  const checked = source.schema.safeParse(options);
  if (checked.success) return { source, options: checked.data as JsonObject };
  const problems = checked.error.issues.map(({ path, message }) => `${path.join('.') || name}: ${message}`);
  throw new SlipwayError('metric-source-invalid', `The metric source ${name} can't be used. ${problems.join('; ')}.`, {
    subject: name,
    hint: `Correct its options in the environment's metricSources.`,
  });
}

function fillIn(
  query: string,
  {
    service,
    revision,
    url,
    from,
    to,
    since,
  }: Record<'service' | 'revision' | 'url', string> & Record<'from' | 'to' | 'since', number>,
): string {
  const values: Record<string, string> = {
    service,
    revision,
    url,
    window: `${Math.max(1, Math.round((to - from) / 1_000))}s`,
    from: String(Math.round(from / 1_000)),
    to: String(Math.round(to / 1_000)),
    since: String(Math.round(since / 1_000)),
  };
  return query.replace(/\{\{\s*(\w+)\s*\}\}/g, (all, name: string) => values[name] ?? all);
}
