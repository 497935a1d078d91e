import { resolve } from 'node:path';
import {
  baseEnvironment,
  type CommandResult,
  isObject,
  type MetricQuery,
  type MetricReading,
  type MetricSource,
  runCommand,
  SlipwayError,
} from '@slipway/core/provider';
import { z } from 'zod';
import { boundedBy, timeoutOption } from './options.ts';
import { readingOf } from './reading.ts';

const LAST_LINES = 5;

const schema = z.strictObject({
  run: z.string().min(1).optional().meta({
    description: "The command; it finds the metric's query in SLIPWAY_QUERY. Default: the query is the command.",
  }),
  env: z
    .record(z.string().regex(/^(?!SLIPWAY_)[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'), z.string())
    .optional()
    .meta({ description: 'Variables for the command; the place for secrets.' }),
  cwd: z.string().min(1).optional().meta({ description: "Where it runs. Default: the project's folder." }),
  timeout: timeoutOption.optional(),
});

/**
 * A command of the shell, in the project's folder: it prints a number, or `{"value": …, "samples": …, "series": […]}` as
 * the last thing. Nothing, `null` and NaN are no data. An exit code other than 0 is an error of the source.
 */
export const command: MetricSource = {
  name: 'command',
  schema,
  async read(context, given, query) {
    const options = schema.parse(given);
    const result = await runCommand({
      script: options.run ?? query.query,
      cwd: resolve(context.directory, options.cwd ?? '.'),
      env: { ...baseEnvironment(), ...options.env, ...facts(context.environment, query) },
      signal: boundedBy(context.signal, options.timeout),
    });
    if (result.exitCode !== 0) throw failed(result);
    return printed(result.stdout);
  },
};

function facts(
  environment: string,
  { query, service, revision, from, to, since }: MetricQuery,
): Record<string, string> {
  return {
    SLIPWAY_ENVIRONMENT: environment,
    SLIPWAY_SERVICE: service,
    SLIPWAY_REVISION: revision,
    SLIPWAY_FROM: String(Math.round(from / 1_000)),
    SLIPWAY_TO: String(Math.round(to / 1_000)),
    SLIPWAY_SINCE: String(Math.round(since / 1_000)),
    SLIPWAY_QUERY: query,
  };
}

function printed(stdout: string): MetricReading {
  const whole = stdout.trim();
  const text = isJson(whole) ? whole : (whole.split('\n').at(-1) ?? '').trim();
  if (text === '') return { value: null, note: 'the command printed nothing' };
  if (/^[+-]?(nan|inf(inity)?)$/i.test(text)) return { value: null, note: `the command printed ${text}` };
  if (!isJson(text)) return readingOf({ value: Number.isNaN(Number(text)) ? text : Number(text) });
  const value = JSON.parse(text) as unknown;
  return isObject(value) ? readingOf(value) : readingOf({ value });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function failed({ exitCode, endedBy, tail }: CommandResult): SlipwayError {
  const how = exitCode === null ? `was ended by ${endedBy}` : `ended with exit code ${exitCode}`;
  const last = tail.slice(-LAST_LINES).join('\n');
  return new SlipwayError('metric-command-failed', `The command ${how}.${last && `\n${last}`}`, {
    hint: "Run it by hand in the project's folder, with the variables SLIPWAY_SERVICE, SLIPWAY_REVISION, SLIPWAY_FROM and SLIPWAY_TO.",
  });
}
