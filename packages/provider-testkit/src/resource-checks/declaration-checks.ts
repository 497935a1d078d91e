import assert from 'node:assert/strict';
import type { JsonObject } from '@slipway/core/provider';
import type { ConformanceCheck, ResourceSubject } from '../resource-checks.ts';
import { costChecks } from './cost-checks.ts';
import { differences } from './differences.ts';

/** What a plan relies on: schema and comparison, which touch nothing outside. */
export function declarationChecks(subject: ResourceSubject): ConformanceCheck[] {
  const { type, properties, changed, replaced } = subject;
  const check = (name: string, run: () => void): ConformanceCheck => ({ name, run: async () => run() });
  const checks = [
    check('its name says the provider and the kind', () =>
      assert.match(type.name, /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$/),
    ),
    check('its schema takes what is valid and nothing unknown', () => {
      for (const valid of [properties, changed, replaced]) {
        if (valid) assert.deepEqual(type.schema.safeParse(valid).error?.issues ?? [], []);
      }
      assert.equal(
        type.schema.safeParse({ ...properties, surelyUnknown: 1 }).success,
        false,
        'an unknown key is refused',
      );
    }),
    check('equal properties differ in nothing, whatever the order of their keys', () => {
      assert.deepEqual(differences(subject, properties, structuredClone(properties)), []);
      assert.deepEqual(differences(subject, properties, reversed(properties)), []);
    }),
  ];
  if (changed) {
    checks.push(
      check('a change in place is seen as one, both ways', () => {
        for (const [before, after] of [
          [properties, changed],
          [changed, properties],
        ] as const) {
          const found = differences(subject, before, after);
          assert.notEqual(found.length, 0, 'the change is seen');
          assert.deepEqual(
            found.filter(({ replaces }) => replaces),
            [],
            'nothing of it replaces',
          );
          assert.ok(type.update, 'there is a way to make it');
        }
      }),
    );
  }
  if (replaced) {
    checks.push(
      check('a change that only a replacement can make is seen as one', () => {
        const found = differences(subject, properties, replaced);
        assert.ok(!type.update || found.some(({ replaces }) => replaces), 'a difference replaces');
        assert.notEqual(found.length, 0, 'the change is seen');
      }),
    );
  }
  return [...checks, ...costChecks(subject)];
}

function reversed(properties: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(properties).reverse());
}
