import { equalJson, isObject, type JsonObject } from '../json.ts';
import type { PropertyDifference, ResourceType } from '../provider/contract.ts';

/**
 * Where two property trees differ: objects are followed to their leaves, arrays are compared whole.
 * `replaceOn` holds dotted paths; a difference at or below one of them replaces.
 */
export function differencesOf(
  before: JsonObject,
  after: JsonObject,
  replaceOn: readonly string[] = [],
): PropertyDifference[] {
  const found: PropertyDifference[] = [];
  collect('', before, after, replaceOn, found);
  return found;
}

/** The type's own comparison where it has one, else the plain one. */
export function differencesFor(type: ResourceType, before: JsonObject, after: JsonObject): PropertyDifference[] {
  const found = type.diff ? type.diff(before, after) : differencesOf(before, after, type.replaceOn);
  return type.update ? found : found.map((difference) => ({ ...difference, replaces: true }));
}

function collect(
  path: string,
  before: JsonObject,
  after: JsonObject,
  replaceOn: readonly string[],
  found: PropertyDifference[],
): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [left, right] = [before[key] ?? null, after[key] ?? null];
    if (equalJson(left, right)) continue;
    const here = path === '' ? key : `${path}.${key}`;
    if (isObject(left) && isObject(right)) collect(here, left, right, replaceOn, found);
    else found.push({ path: here, before: left, after: right, replaces: replacesAt(here, replaceOn) });
  }
}

/** True when the path is one of those, or lies below or above one. */
export function replacesAt(path: string, replaceOn: readonly string[]): boolean {
  return replaceOn.some((one) => path === one || path.startsWith(`${one}.`) || one.startsWith(`${path}.`));
}
