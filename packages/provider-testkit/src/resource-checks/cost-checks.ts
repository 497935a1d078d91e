import assert from 'node:assert/strict';
import { isObject, type JsonObject, type JsonValue } from '@slipway/core/provider';
import type { ConformanceCheck, ResourceSubject } from '../resource-checks.ts';

const KNOWN_LATER = '${resource:other.output}';

/** What a plan relies on when it adds up costs; none for a type that doesn't say any. */
export function costChecks({ type, properties, changed, replaced }: ResourceSubject): ConformanceCheck[] {
  if (!type.cost) return [];
  const ask = (of: JsonObject) => type.cost!(structuredClone(of));
  const valid = [properties, changed, replaced].filter((one) => one !== undefined);
  const check = (name: string, run: () => void): ConformanceCheck => ({ name, run: async () => run() });
  return [
    check('its cost is an amount of money, nothing, or not known', () => {
      const currencies = new Set(Intl.supportedValuesOf('currency'));
      for (const cost of valid.map(ask)) {
        if (cost === undefined || cost === 0) continue;
        assert.ok(Number.isFinite(cost.amount) && cost.amount >= 0, `the amount ${cost.amount} is not negative`);
        assert.ok(currencies.has(cost.currency), `the currency ${cost.currency} is one of ISO 4217`);
      }
    }),
    check('its cost follows from the properties alone, and asking changes nothing', () => {
      for (const one of valid) {
        const asked = structuredClone(one);
        const first = structuredClone(type.cost!(asked));
        assert.deepEqual(asked, one, 'the properties are as before');
        ask(properties);
        assert.deepEqual(ask(one), first, 'the same properties cost the same');
      }
    }),
    check('where something is known only in the run, its cost is the same or not known', () => {
      for (const one of valid) {
        const cost = ask(one);
        for (const waiting of withEachUnknown(one)) {
          const answer = ask(waiting as JsonObject);
          if (answer !== undefined) assert.deepEqual(answer, cost, `with ${JSON.stringify(waiting)}`);
        }
      }
    }),
  ];
}

/** The value with one leaf at a time as a reference that isn't resolved yet. */
function withEachUnknown(value: JsonValue): JsonValue[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, at) => withEachUnknown(item).map((waiting) => value.with(at, waiting)));
  }
  if (!isObject(value)) return [KNOWN_LATER];
  return Object.entries(value).flatMap(([key, member]) =>
    [KNOWN_LATER, ...withEachUnknown(member)].map((waiting) => ({ ...value, [key]: waiting })),
  );
}
