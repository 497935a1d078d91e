import {
  isObject,
  type JsonObject,
  type MetricQuery,
  type MetricReading,
  type MetricSource,
  parseDuration,
  SlipwayError,
} from '@slipway/core/provider';
import { z } from 'zod';
import { type Answer, ask, jsonOf, refused, shown } from './ask.ts';
import {
  boundedBy,
  durationOption,
  headersOf,
  headersOption,
  timeoutOption,
  tokenOption,
  urlOption,
} from './options.ts';

const schema = z.strictObject({
  url: urlOption.meta({ description: 'Where its API is, for example `http://prometheus:9090`.' }),
  token: tokenOption.optional(),
  headers: headersOption.optional(),
  timeout: timeoutOption.optional(),
  step: durationOption.optional().meta({
    description:
      'With it, a `judge` gets the single values since the last measurement, one each step, instead of one a measurement. Not less than the scrape interval, nor than what a `rate()` looks back at: the same value counted twice would feign certainty. Default: none.',
  }),
});

/** Values that are asked for at once; it refuses more than 11,000. */
const MOST_VALUES = 1_000;

type Options = z.output<typeof schema>;

/**
 * Prometheus, and whatever answers its HTTP API: the metric's query is PromQL, evaluated at the end of the window. It
 * must give one number: a scalar, or a vector with one element. An empty vector, NaN and infinities are no data.
 */
export const prometheus: MetricSource = {
  name: 'prometheus',
  schema,
  async read(context, given, query) {
    const options = schema.parse(given);
    const signal = boundedBy(context.signal, options.timeout);
    const at = { query: query.query, time: seconds(query.to) };
    const [reading, series] = await Promise.all([
      get(options, 'query', at, signal).then(one),
      options.step === undefined ? undefined : readSeries(options, options.step, query, signal),
    ]);
    return series ? { ...reading, series } : reading;
  },
};

/**
 * The values since the last measurement, at whole multiples of the step: whatever the windows are, each is told once. Of a
 * long time, as after an interruption, every second or third, so that Prometheus doesn't refuse.
 */
async function readSeries(options: Options, step: string, query: MetricQuery, signal: AbortSignal): Promise<number[]> {
  const declared = parseDuration(step)!;
  const stepMs = declared * Math.max(1, Math.ceil((query.to - query.since) / declared / MOST_VALUES));
  const startMs = (Math.floor(query.since / stepMs) + 1) * stepMs;
  if (startMs > query.to) return [];
  const range = { query: query.query, start: seconds(startMs), end: seconds(query.to), step: seconds(stepMs) };
  const { result } = await get(options, 'query_range', range, signal);
  const [first] = several(result);
  const values = isObject(first) && Array.isArray(first.values) ? first.values : [];
  return values
    .map((pair) => Number(Array.isArray(pair) ? pair[1] : undefined))
    .filter((value) => Number.isFinite(value));
}

interface Data {
  resultType: string;
  result: unknown[];
}

async function get(
  options: Options,
  what: 'query' | 'query_range',
  parameters: Record<string, string>,
  signal: AbortSignal,
): Promise<Data> {
  const url = new URL(`${options.url.replace(/\/$/, '')}/api/v1/${what}`);
  url.search = new URLSearchParams(parameters).toString();
  const answer = await ask({ url, headers: headersOf(options), signal });
  const said = parsed(answer);
  if (said?.status === 'error') throw queryRefused(said, parameters.query ?? '');
  if (answer.status !== 200) throw refused(url, answer);
  const data = jsonOf(url, answer);
  if (isObject(data) && isObject(data.data) && Array.isArray(data.data.result)) return data.data as unknown as Data;
  throw new SlipwayError('metric-answer-invalid', `${shown(url)} did not answer as Prometheus does.`, {
    hint: 'Check the url of the metric source: it is what stands before /api/v1.',
  });
}

/** What the answer says of itself, whatever its status; undefined when it isn't of Prometheus. */
function parsed({ body }: Answer): JsonObject | undefined {
  try {
    const value = JSON.parse(body) as unknown;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function queryRefused({ errorType, error }: JsonObject, query: string): SlipwayError {
  return new SlipwayError('metric-query-refused', `Prometheus refuses the query (${text(errorType)}): ${text(error)}`, {
    subject: query,
    hint: "Try the query on Prometheus' own page, with the placeholders filled in.",
    retryable: errorType === 'timeout' || errorType === 'unavailable' || errorType === 'internal',
  });
}

function one({ resultType, result }: Data): MetricReading {
  if (resultType === 'scalar') return numberOf(result[1]);
  if (resultType !== 'vector') {
    throw new SlipwayError('metric-query-ambiguous', `The query gives a ${resultType}; one number is needed.`, {
      hint: 'Put a function around it that gives one value, such as avg_over_time().',
    });
  }
  const [first] = several(result);
  if (first === undefined) return { value: null, note: 'the query has no result' };
  const pair = isObject(first) && Array.isArray(first.value) ? first.value : [];
  return numberOf(pair[1]);
}

/** Not more than one series: which of several was meant, nobody can tell. */
function several(result: unknown[]): unknown[] {
  if (result.length <= 1) return result;
  throw new SlipwayError('metric-query-ambiguous', `The query gives ${result.length} series; one is needed.`, {
    hint: 'Put sum(), avg() or max() around it, or select by more labels.',
  });
}

function numberOf(written: unknown): MetricReading {
  const value = typeof written === 'string' ? Number(written.replace(/^\+Inf$/, 'Infinity')) : Number.NaN;
  if (Number.isFinite(value)) return { value };
  return {
    value: null,
    note: `the query gives ${text(written)}${written === 'NaN' ? ', as 0 divided by 0 does' : ''}`,
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}
