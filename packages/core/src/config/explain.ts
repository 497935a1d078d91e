import type { z } from 'zod';
import { didYouMean } from './nearest.ts';
import { type Finding, type Path, quote } from './problem.ts';

/** Stands for "one of the alternatives": which of them was meant is decided when the issue is explained. */
const ALTERNATIVES = '(alternatives)';

/**
 * Messages for what zod finds, as a sentence's end: `must be text, not a number`. After a line break
 * comes the hint; for unknown keys there is one line for each. A schema's own message wins.
 */
export function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'is required'
        : `must be ${kindName(issue.expected)}, not ${nameOf(issue.input)}`;
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKeyHint(key, keysOf(issue.inst))).join('\n');
    case 'invalid_value':
      return describeChoice(issue.values.map(String), issue.input);
    case 'too_small':
      return `must ${issue.origin === 'number' || issue.origin === 'int' ? 'be' : 'have'} at least ${issue.minimum}${unit(issue)}`;
    case 'too_big':
      return `must ${issue.origin === 'number' || issue.origin === 'int' ? 'be' : 'have'} at most ${issue.maximum}${unit(issue)}`;
    case 'invalid_union':
      return issue.input === undefined ? 'is required' : ALTERNATIVES;
    default:
      return undefined;
  }
}

/** A finding at a path within the value that was checked: about the value there, or about its key. */
export interface Explained extends Finding {
  about: 'key' | 'value';
}

/** What zod's issues say, each at the innermost value that it is about. */
export function explainIssues(issues: readonly z.core.$ZodIssue[], value: unknown): Explained[] {
  return issues.flatMap((issue) => explainIssue(issue, value, []));
}

/** What to say about a key that nobody knows. */
export function unknownKeyHint(key: string, known: readonly string[]): string {
  const meant = didYouMean(key, known);
  if (meant) return meant;
  return known.length === 0 ? 'no keys are allowed here' : `known keys: ${known.join(', ')}`;
}

function explainIssue(issue: z.core.$ZodIssue, value: unknown, above: Path): Explained[] {
  const path: Path = [...above, ...(issue.path as Path)];
  if (issue.code === 'unrecognized_keys') {
    const hints = issue.message.split('\n');
    return issue.keys.map((key, index) => explain('key', [...path, key], `unknown key\n${hints[index] ?? ''}`));
  }
  if (issue.code === 'invalid_key') return [explain('key', path, issue.issues[0]?.message ?? issue.message)];
  if (issue.code === 'invalid_union' && issue.message === ALTERNATIVES) {
    const meant = alternativeMeant(issue.errors);
    if (meant) return meant.flatMap((inner) => explainIssue(inner, value, path));
    return [explain('value', path, describeAlternatives(issue.errors, valueAt(value, path)))];
  }
  return [explain('value', path, issue.message)];
}

/** The alternative whose shape fits: not the one that fails at the very top for its type. */
function alternativeMeant(errors: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  return errors.find((issues) => issues.length > 0 && !issues.some(isOtherType));
}

function isOtherType(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

function describeAlternatives(errors: readonly (readonly z.core.$ZodIssue[])[], value: unknown): string {
  const issues = errors.flat();
  const choice = issues.find((issue) => issue.code === 'invalid_value');
  if (typeof value === 'string' && choice) return choice.message;
  const kinds = issues.flatMap((issue) => (issue.code === 'invalid_type' ? [kindName(issue.expected)] : []));
  if (choice) kinds.unshift('text');
  return `must be ${[...new Set(kinds)].join(' or ')}, not ${nameOf(value)}`;
}

function describeChoice(choices: string[], value: unknown): string {
  const list = choices.map(quote).join(', ');
  const message = choices.length === 1 ? `must be ${choices[0]}` : `must be one of ${list}`;
  const meant = typeof value === 'string' ? didYouMean(value, choices) : undefined;
  return meant ? `${message}\n${meant}` : message;
}

function explain(about: Explained['about'], path: Path, message: string): Explained {
  const [what = message, hint] = message.split('\n');
  return { about, path, message: what, ...(hint ? { hint } : {}) };
}

export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const key of path) {
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string | number, unknown>)[key];
  }
  return current;
}

/** What a person calls a JSON value. */
export function nameOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' ? 'a number' : 'text';
}

function kindName(expected: string): string {
  const names: Record<string, string> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
    null: 'empty',
  };
  return names[expected] ?? expected;
}

function keysOf(schema: unknown): string[] {
  const shape = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape;
  return shape ? Object.keys(shape) : [];
}

function unit(issue: { origin?: string }): string {
  if (issue.origin === 'string') return ' characters';
  return issue.origin === 'array' ? ' entries' : '';
}
