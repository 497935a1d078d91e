import type { Found, JsonObject, ResourceType } from '@slipway/core/provider';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { MemoryWorld, memoryThing, openTestPlace, resourceChecks } from '../src/index.ts';

type Break = (type: ResourceType, world: MemoryWorld) => Partial<ResourceType>;

/** Names of the checks that a broken type fails, among those whose name holds `only`. */
async function failing(breakIt: Break, { slowMs = 0, only = '' } = {}): Promise<string[]> {
  const world = new MemoryWorld();
  const sound = memoryThing(world, { slowMs });
  const open = async () => {
    world.things.clear();
    return { ...(await openTestPlace()), isThere: async () => world.things.size > 0 };
  };
  const properties = { value: 1, kind: 'a' };
  const checks = resourceChecks({
    type: { ...sound, ...breakIt(sound, world) },
    properties,
    changed: { value: 2, kind: 'a' },
    replaced: { value: 1, kind: 'b' },
    ...(slowMs > 0 ? { slow: properties } : {}),
    open,
  });
  const failed: string[] = [];
  for (const check of checks.filter(({ name }) => name.includes(only))) {
    await check.run().catch(() => failed.push(check.name));
  }
  return failed;
}

const MONEY = 'its cost is an amount of money, nothing, or not known';
const PURE = 'its cost follows from the properties alone, and asking changes nothing';
let asked = 0;

const absent = async (): Promise<Found> => ({ kind: 'absent' });

test('a sound type fails nothing', async () => {
  expect(await failing(() => ({}))).toEqual([]);
});

test.for<[string, Break, string]>([
  ['a loose schema', () => ({ schema: z.looseObject({}) }), 'its schema takes what is valid and nothing unknown'],
  [
    'a blind find',
    () => ({ find: absent }),
    'a creation that had no effect is found absent, one that had is found as it was returned',
  ],
  ['a blind find', () => ({ find: absent }), 'a deletion is found done when it is, and not done when it is not'],
  [
    'a find that mistakes the thing for its update',
    (type) => ({ find: (context, query) => type.find(context, { ...query, action: 'delete' }) }),
    'an update is found when it happened, and not when it did not',
  ],
  [
    'a find that cleans up',
    (type, world) => ({
      find: async (context, query) => {
        const found = await type.find(context, query);
        world.things.clear();
        return found;
      },
    }),
    'looking changes nothing',
  ],
  ['an idle delete', () => ({ delete: async () => {} }), 'deletion removes it, and can be repeated'],
  [
    'a delete that can be done once',
    (type, world) => ({
      delete: async (context, recorded) => {
        if (!world.things.has(recorded.id)) throw new Error('not found');
        await type.delete(context, recorded);
      },
    }),
    'deletion removes it, and can be repeated',
  ],
  ['a read that sees nothing', () => ({ read: absent }), 'what was created is there, and reads as it was returned'],
  [
    'outputs that are no JSON',
    (type) => ({
      create: async (...call) => ({ ...(await type.create(...call)), outputs: { at: new Date() as never } }),
    }),
    'what was created is there, and reads as it was returned',
  ],
  [
    'a wrong prediction',
    () => ({ predict: () => ({ value: 'other' }) }),
    'what is predicted of the outputs comes true',
  ],
  [
    'an update that makes another thing',
    (type) => ({ update: async (context, request) => await type.create(context, request) }),
    'an update in place keeps the thing, and reads as it was returned',
  ],
  [
    'an import that makes up a thing',
    (type) => ({
      import: async (context, id, properties, name) => {
        const found = await type.import!(context, id, properties, name);
        return found.kind === 'present' ? found : { kind: 'present', id, outputs: {} };
      },
    }),
    'what exists can be imported by its id, and nothing else',
  ],
  [
    'an update that does only what it is not told',
    (type) => ({
      update: async (context, request) =>
        request.changed.includes('value') ? { id: request.recorded.id, outputs: {} } : type.update!(context, request),
    }),
    'an update is found when it happened, and not when it did not',
  ],
  ['everything replaces', () => ({ replaceOn: ['value', 'kind'] }), 'a change in place is seen as one, both ways'],
  ['nothing replaces', () => ({ replaceOn: [] }), 'a change that only a replacement can make is seen as one'],
  [
    'a comparison by the order of keys',
    () => ({
      diff: (before, after) =>
        JSON.stringify(before) === JSON.stringify(after)
          ? []
          : [{ path: 'value', before: 1, after: 2, replaces: false }],
    }),
    'equal properties differ in nothing, whatever the order of their keys',
  ],
  ...(
    [
      ['a negative cost', () => ({ amount: -1, currency: 'EUR' }), MONEY],
      ['a cost that is no number', () => ({ amount: Number.NaN, currency: 'EUR' }), MONEY],
      ['a currency that there is not', () => ({ amount: 1, currency: 'EURO' }), MONEY],
      ['a cost that is promised', () => Promise.resolve(0), MONEY],
      ['a cost that grows by being asked', () => ({ amount: ++asked, currency: 'EUR' }), PURE],
      [
        'a cost that leaves something in the properties',
        (properties) => void Object.assign(properties, { seen: true }),
        PURE,
      ],
      [
        'a cost that takes a reference for a value',
        ({ kind }) => ({ amount: kind === 'a' ? 1 : 2, currency: 'EUR' }),
        'where something is known only in the run, its cost is the same or not known',
      ],
    ] satisfies [string, (properties: JsonObject) => unknown, string][]
  ).map(([what, cost, check]): [string, Break, string] => [
    what,
    () => ({ cost: cost as NonNullable<ResourceType['cost']> }),
    check,
  ]),
  [
    'drift out of nothing',
    (type) => ({
      read: async (...call) =>
        ({ ...(await type.read(...call)), properties: { value: 1, kind: 'a', extra: true } }) as Found,
    }),
    'a thing that is unchanged shows no drift',
  ],
  [
    'a call that ignores its abort',
    (type) => ({
      create: (context, request) => type.create({ ...context, signal: new AbortController().signal }, request),
    }),
    'a call that was aborted before it began does nothing',
  ],
])('%s is caught', async ([, breakIt, check]) => {
  expect(await failing(breakIt)).toContain(check);
});

test('a call that goes on after its abort is caught', async () => {
  const deaf = (type: ResourceType): Partial<ResourceType> => ({
    create: (context, request) => type.create({ ...context, signal: new AbortController().signal }, request),
  });
  expect(await failing(deaf, { slowMs: 500, only: 'half-way' })).toContain(
    'a call that is aborted half-way ends soon, and does nothing more',
  );
});
