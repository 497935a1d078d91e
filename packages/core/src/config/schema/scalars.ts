import { z } from 'zod';
import { parseDuration } from '../duration.ts';
import { parseMemory } from '../memory.ts';

// Patterns let `${…}` through for the sake of editors: at load time `${env:}` and `${var:}` are resolved before.

/** Within alternatives: the first fault says it all, and the alternatives' common message is the better one. */
export const ABORT = { abort: true };

/** What is said of a value that is none of the alternatives. */
export function otherwise(message: string) {
  return (issue: { input?: unknown }) => (issue.input === undefined ? 'is required' : message);
}

/** Name of a project, environment, resource or service. No dots: in `${resource:NAME.output}` the first one ends it. */
export const nodeName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'must be a name: letters, digits, "-" and "_", a letter or digit first')
  .max(100, 'must have at most 100 characters');

/** A string that says something. */
export const text = z.string().min(1, 'must not be empty');

/** What becomes text: numbers and booleans are welcome, since YAML makes them of unquoted words. */
export const plainText = z.union([z.string(), z.number(), z.boolean()], {
  error: otherwise('must be text, a number, true or false'),
});

/** Name of an environment variable. */
export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable: letters, digits and "_", no digit first');

/** `500ms`, `30s`, `5m`, `1h30m`. */
export const duration = z
  .string({
    error: (issue) =>
      typeof issue.input === 'number'
        ? `must be a duration with a unit\nwrite "${issue.input}s" or "${issue.input}ms"`
        : undefined,
  })
  .regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$|\$\{/, {
    error: 'must be a duration\nwrite for example "500ms", "30s", "5m" or "1h30m"',
    abort: true,
  })
  .refine((value) => parseDuration(value) !== undefined, 'must be a duration of at most 24 days');

/** A whole number, or a string that holds one, as a variable does. */
export function count(least: number, most: number) {
  const error = otherwise(`must be a whole number from ${least} to ${most}`);
  return z
    .union([z.int().min(least, ABORT).max(most, ABORT), z.string().regex(/^\d+$|\$\{/, ABORT)], { error })
    .refine((value) => Number(value) >= least && Number(value) <= most, { error });
}

/** A number, or a string that holds one, as a variable does. */
export function decimal(least: number, most: number) {
  const error = otherwise(`must be a number from ${least} to ${most}`);
  return z
    .union([z.number().min(least, ABORT).max(most, ABORT), z.string().regex(/^\d+(\.\d+)?$|\$\{/, ABORT)], { error })
    .refine((value) => Number(value) >= least && Number(value) <= most, { error });
}

/** Whole instances, or a share of them: `2` or `"25%"`. */
export const amount = z
  .union([z.int().min(0, ABORT).max(10_000, ABORT), z.string().regex(/^\d+%?$|\$\{/, ABORT)], {
    error: otherwise('must be a whole number or a percentage\nwrite for example 2 or "25%"'),
  })
  .refine((value) => isAmount(String(value)), {
    error: 'must be a whole number or a percentage of at most 100\nwrite for example 2 or "25%"',
  });

/** `256Mi`, `1Gi`, `512M`, or a number of bytes. */
export const memory = z
  .union([z.int().min(1, ABORT), z.string().regex(/^\d+(\.\d+)?([KMGT]i?)?$|\$\{/, ABORT)], {
    error: otherwise('must be an amount of memory\nwrite for example "256Mi" or "1Gi"'),
  })
  .refine((value) => parseMemory(String(value)) >= 1, 'must be at least one byte');

/** True or false, or a string that says so, as a variable does. */
export const flag = z
  .union([z.boolean(), z.string().regex(/^(true|false)$|\$\{/, ABORT)], { error: otherwise('must be true or false') })
  .refine((value) => ['true', 'false'].includes(String(value)), { error: otherwise('must be true or false') });

/** A folder or file inside the project or the service. */
export const innerPath = text.refine((path) => !leaves(path), 'must be a relative path that stays inside');

export const address = z
  .string()
  .regex(/^(resource|service):[A-Za-z0-9][A-Za-z0-9_-]*$/, 'must be an address\nwrite resource:NAME or service:NAME');

export const tags = z.record(text, plainText);

/** Every key optional, and `null` allowed: what an environment may put over a declaration. */
export function overrides<Shape extends z.core.$ZodShape>(shape: Shape) {
  const entries = Object.entries(shape).map(([key, schema]) => [key, z.optional(z.nullable(schema))]);
  return Object.fromEntries(entries) as { [Key in keyof Shape]: z.ZodOptional<z.ZodNullable<Shape[Key]>> };
}

function isAmount(written: string): boolean {
  return Number.parseInt(written, 10) <= (written.endsWith('%') ? 100 : 10_000);
}

function leaves(path: string): boolean {
  if (/^([\\/]|[A-Za-z]:)/.test(path)) return true;
  let depth = 0;
  for (const part of path.split(/[\\/]/)) {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    if (depth < 0) return true;
  }
  return false;
}
