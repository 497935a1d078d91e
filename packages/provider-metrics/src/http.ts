import { type MetricReading, type MetricSource, SlipwayError } from '@slipway/core/provider';
import { z } from 'zod';
import { ask, jsonOf, refused } from './ask.ts';
import { at } from './json-path.ts';
import { boundedBy, headersOf, headersOption, timeoutOption, tokenOption, urlOption } from './options.ts';
import { readingOf } from './reading.ts';

const path = z.string().min(1);

const schema = z.strictObject({
  url: urlOption.optional().meta({
    description: "What the metric's query is appended to. Default: the query is a whole URL.",
  }),
  method: z.enum(['GET', 'POST']).optional().meta({ description: 'Default: `GET`.' }),
  token: tokenOption.optional(),
  headers: headersOption.optional(),
  timeout: timeoutOption.optional(),
  value: path.optional().meta({
    description:
      'Where in the JSON the number is, for example `data.rate` or `rows.0.p95`. A query that ends with `#data.rate` says so itself. Default: `value`.',
  }),
  samples: path
    .optional()
    .meta({ description: 'Where it says how many observations that rests on. Default: nowhere.' }),
  series: path
    .optional()
    .meta({ description: 'Where a list of the single values is, for a `judge`. Default: nowhere.' }),
});

/** An HTTP endpoint that answers with JSON: the metric's query is what follows the source's URL. */
export const http: MetricSource = {
  name: 'http',
  schema,
  async read(context, given, query): Promise<MetricReading> {
    const options = schema.parse(given);
    const url = urlOf(`${options.url ?? ''}${query.query}`);
    const value = url.hash === '' ? (options.value ?? 'value') : decodeURIComponent(url.hash.slice(1));
    url.hash = '';
    const answer = await ask({
      url,
      method: options.method ?? 'GET',
      headers: { accept: 'application/json', ...headersOf(options) },
      signal: boundedBy(context.signal, options.timeout),
    });
    if (answer.status < 200 || answer.status > 299) throw refused(url, answer);
    const found = jsonOf(url, answer);
    if (at(found, value) === undefined) return { value: null, note: `the answer has nothing at ${value}` };
    const pathTo = (place: string | undefined) => (place === undefined ? undefined : at(found, place));
    return readingOf({ value: at(found, value), samples: pathTo(options.samples), series: pathTo(options.series) });
  },
};

function urlOf(written: string): URL {
  const url = URL.parse(written);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new SlipwayError('metric-query-invalid', `The url of the source and the query together are no URL.`, {
    hint: 'Give the source a url, and begin the query with / or ?; or write the whole URL as the query.',
  });
}
