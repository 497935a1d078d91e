import { equalJson, isObject, type JsonObject, type JsonValue, type PropertyDifference } from '@slipway/core/provider';
import { z } from 'zod';
import { namesSecret } from './names-secret.ts';
import { textOf } from './text-of.ts';

const script = (description: string) => z.string().min(1).meta({ description });

export const commandSchema = z
  .strictObject({
    create: script('Makes the thing. The last JSON object that it prints becomes the outputs; its `id` the id.'),
    read: script('Exits 0 with JSON when the thing is there, 1 without a word when it is not.').optional(),
    find: script(
      'Looks by SLIPWAY_TOKEN: exits 0 with JSON when the thing is there, 1 without a word when it is not.',
    ).optional(),
    update: script('Changes it in place. Without it, every change replaces.').optional(),
    delete: script('Removes it; must succeed when it is gone already. Without it, nothing is run.').optional(),
    env: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable')
          .refine((name) => !name.startsWith('SLIPWAY_'), 'names that begin with SLIPWAY_ are taken'),
        z.union([z.string(), z.number(), z.boolean()]),
      )
      .optional()
      .meta({ description: 'Variables for every command; the only place for secrets.' }),
    cwd: z.string().min(1).optional().meta({ description: "Where commands run. Default: the project's folder." }),
    interpreter: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({ description: 'Gets the command as its last argument. Default: `/bin/sh`.' }),
  })
  .superRefine((properties, issues) => {
    const { env: _, ...visible } = properties;
    for (const [key, value] of Object.entries(visible)) {
      if (!namesSecret(JSON.stringify(value))) continue;
      // Reported for the whole: a fault at a text with a reference counts as unknown until the reference is.
      issues.addIssue({
        code: 'custom',
        message: `${key} names a secret, and other users can see the arguments of processes\nput the secret into env and use the variable in ${key}`,
      });
    }
  });

/** The properties with defaults, once every reference is a value. */
export interface CommandProperties {
  create: string;
  read?: string;
  find?: string;
  update?: string;
  delete?: string;
  env: Record<string, string>;
  cwd: string;
  /** Absent: the shell. */
  interpreter?: string[];
}

/** Said in full, it is the default. */
const SHELL = ['/bin/sh', '-c'];

export function commandProperties(properties: JsonObject): CommandProperties {
  const { env, cwd, interpreter } = properties;
  const scripts: Partial<Record<'read' | 'find' | 'update' | 'delete', string>> = {};
  for (const name of ['read', 'find', 'update', 'delete'] as const) {
    const script = properties[name];
    if (script !== undefined) scripts[name] = textOf(script);
  }
  return {
    create: textOf(properties.create ?? ''),
    ...scripts,
    env: Object.fromEntries(Object.entries(isObject(env) ? env : {}).map(([name, value]) => [name, textOf(value)])),
    cwd: textOf(cwd ?? '.'),
    ...(Array.isArray(interpreter) && !equalJson(interpreter, SHELL) ? { interpreter: interpreter.map(textOf) } : {}),
  };
}

/** What decides what there is; the other scripts only say how to handle it. */
const EFFECTIVE = ['create', 'env', 'cwd', 'interpreter'] as const;
const RECIPES = ['read', 'find', 'update', 'delete'] as const;

/** True when a change at one of these dotted paths has to reach the thing itself. */
export function reachesTheThing(changed: readonly string[]): boolean {
  return changed.some((path) => (EFFECTIVE as readonly string[]).includes(path.split('.', 1)[0] as string));
}

/** Without an `update` script, what decides about the thing can't change in place. */
export function diffCommand(before: JsonObject, after: JsonObject): PropertyDifference[] {
  const [left, right] = [commandProperties(before), commandProperties(after)];
  const replaces = right.update === undefined;
  const found: PropertyDifference[] = [];
  const compare = (path: string, a: JsonValue | undefined, b: JsonValue | undefined, replaces: boolean) => {
    if (!equalJson(a, b)) found.push({ path, before: a ?? null, after: b ?? null, replaces });
  };
  for (const key of EFFECTIVE) {
    if (key !== 'env') compare(key, left[key], right[key], replaces);
    else
      for (const name of names(left.env, right.env)) compare(`env.${name}`, left.env[name], right.env[name], replaces);
  }
  for (const key of RECIPES) compare(key, left[key], right[key], false);
  return found;
}

function names(...records: Record<string, string>[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))];
}
