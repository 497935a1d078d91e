import { equalJson, type JsonObject, type JsonValue } from '../json.ts';
import type { Reason } from '../plan/change.ts';
import { type ServiceRecord, slotsOf } from '../state/record.ts';

/** Why a service goes back: to another revision, by id; else what of its traffic or its instances is not as it was. */
export function reasonsToRestore(
  current: ServiceRecord | undefined,
  target: ServiceRecord,
  now: string | undefined,
  wanted: string | undefined,
): Reason[] {
  if (now !== wanted || wanted === undefined)
    return [{ path: 'revision', before: now ?? null, after: wanted ?? null, replaces: false }];
  const [before, after] = [factsOf(current, wanted), factsOf(target, wanted)];
  return Object.keys(after)
    .filter((path) => !equalJson(before[path]!, after[path]!))
    .map((path) => ({ path, before: before[path]!, after: after[path]!, replaces: false }));
}

function factsOf(record: ServiceRecord | undefined, revision: string): JsonObject {
  const { weights = {}, routes = [], revisions = {} } = record ?? {};
  return {
    weights,
    routes: routes as unknown as JsonValue,
    instances: slotsOf(revisions[revision] ?? {}).length,
    revisions: Object.keys(revisions),
  };
}
