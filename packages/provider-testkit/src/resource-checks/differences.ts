import { equalJson, type JsonObject, type PropertyDifference } from '@slipway/core/provider';
import type { ResourceSubject } from '../resource-checks.ts';

/** The type's own comparison, else the plain one by top-level property. */
export function differences({ type }: ResourceSubject, before: JsonObject, after: JsonObject): PropertyDifference[] {
  if (type.diff) return type.diff(before, after);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => !equalJson(before[key], after[key]))
    .map((key) => ({
      path: key,
      before: before[key] ?? null,
      after: after[key] ?? null,
      replaces: (type.replaceOn ?? []).some((path) => path.split('.', 1)[0] === key),
    }));
}
