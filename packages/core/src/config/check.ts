import type { z } from 'zod';
import type { JsonValue } from '../json.ts';
import { describeIssue, explainIssues, valueAt } from './explain.ts';
import type { Finding, Path } from './problem.ts';
import { findReferences } from './references.ts';

/** `whole`: valid. Otherwise `values` has the keys that are valid by themselves, so that checking can go on. */
export type Checked<T> = { whole: true; values: T } | { whole: false; values: Partial<T> };

/**
 * Checks an object and adds everything that is wrong with it. What a string with a reference will be is
 * not known yet, so no fault is found with the value at such a place.
 */
export function check<S extends z.ZodObject>(
  schema: S,
  value: unknown,
  path: Path,
  findings: Finding[],
): Checked<z.output<S>> {
  const result = schema.safeParse(value, { error: describeIssue });
  if (result.success) return { whole: true, values: result.data };
  addIssues(result.error.issues, value, (inner) => [...path, ...inner], findings);
  return { whole: false, values: validKeys(schema, value) as Partial<z.output<S>> };
}

/** Checks any value, adding what is wrong at the places that `at` gives. */
export function checkValue(schema: z.ZodType, value: unknown, at: (path: Path) => Path, findings: Finding[]): void {
  const result = schema.safeParse(value, { error: describeIssue });
  if (!result.success) addIssues(result.error.issues, value, at, findings);
}

function addIssues(issues: z.core.$ZodIssue[], value: unknown, at: (path: Path) => Path, findings: Finding[]): void {
  for (const { about, ...finding } of explainIssues(issues, value)) {
    const found = about === 'value' ? valueAt(value, finding.path) : undefined;
    if (typeof found === 'string' && findReferences(found).length > 0) continue;
    findings.push({ ...finding, path: at(finding.path) });
  }
}

function validKeys(schema: z.ZodObject, value: unknown): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return values;
  for (const [key, keySchema] of Object.entries(schema.shape)) {
    const member = Object.hasOwn(value, key) ? (value as Record<string, JsonValue>)[key] : undefined;
    const result = (keySchema as z.ZodType).safeParse(member);
    if (result.success) values[key] = result.data;
  }
  return values;
}
