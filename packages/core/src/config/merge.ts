import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { Path } from './problem.ts';

/** How a health check looks; naming another one replaces it. */
const HEALTH_KINDS = ['http', 'tcp', 'command'];

/**
 * Lays one config over another, key by key: mappings are merged, everything else is replaced, and `null`
 * takes away what stands below. Where keys exclude each other (strategies, ways to check health, options
 * of another platform), the upper one's choice replaces the lower one's. `path` says where both stand.
 * Neither is changed; parts are shared.
 */
export function layOver(lower: JsonObject, upper: JsonObject, path: Path = []): JsonObject {
  const merged: JsonObject = { ...lower };
  for (const key of Object.keys(upper)) {
    const over = upper[key]!;
    const under = Object.hasOwn(lower, key) ? lower[key]! : undefined;
    if (over === null && under !== undefined && !isOverride(path) && !isServiceEnv(path)) delete merged[key];
    else if (isObject(over) && isObject(under)) merged[key] = layMember(under, over, [...path, key]);
    else merged[key] = over;
  }
  return merged;
}

/** A mapping's own value, or undefined when there is none or it is no mapping. */
export function memberOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Inside an environment's block about nodes `null` is kept: it is about the node that the block is laid over later. */
function isOverride(path: Path): boolean {
  return path[0] === 'environments' && ['services', 'resources', 'metricSources'].includes(String(path[2]));
}

/** A variable that is taken away stays so, whatever the project's `variables` say. */
function isServiceEnv(path: Path): boolean {
  return path.length === 3 && path[0] === 'services' && path[2] === 'env';
}

function layMember(lower: JsonObject, upper: JsonObject, path: Path): JsonObject {
  // In an environment's block the same keys stand two levels deeper.
  const place = path[0] === 'environments' ? path.slice(2) : path;
  const key = place.at(-1);
  if (place.length === 3 && place[0] === 'services') {
    if (key === 'strategy' && !Object.keys(upper).some((kind) => Object.hasOwn(lower, kind))) return upper;
    if (key === 'health' && HEALTH_KINDS.some((kind) => Object.hasOwn(upper, kind))) {
      const rest = Object.entries(lower).filter(([kind]) => !HEALTH_KINDS.includes(kind));
      return layOver(Object.fromEntries(rest), upper, path);
    }
  }
  const isChoice =
    (place.length === 1 && (key === 'platform' || key === 'router')) ||
    (place.length === 2 && place[0] === 'metricSources');
  if (isChoice && Object.hasOwn(upper, 'use') && upper.use !== lower.use) return upper;
  return layOver(lower, upper, path);
}
