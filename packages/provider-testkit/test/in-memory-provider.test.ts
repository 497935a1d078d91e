import { expect, onTestFinished, test } from 'vitest';
import { inMemoryProvider, MemoryWorld, memoryThing, openTestPlace, resourceChecks } from '../src/index.ts';
import { resourceConformance } from '../src/resource-conformance.ts';

const price = { amount: 12.5, currency: 'EUR' };
const shared = {
  properties: { value: { size: 1, names: ['a'] }, kind: 'small', price },
  changed: { value: { size: 2, names: ['a'] }, kind: 'small', price: null },
  replaced: { value: { size: 1, names: ['a'] }, kind: 'large', price },
};

async function open(world: MemoryWorld) {
  const { context, close } = await openTestPlace();
  world.things.clear();
  return { context, close, isThere: async () => world.things.size > 0 };
}

const usual = new MemoryWorld();
resourceConformance('memory:thing', { type: memoryThing(usual), ...shared, open: () => open(usual) });

const forgetful = new MemoryWorld();
resourceConformance('memory:thing without find', {
  type: memoryThing(forgetful, { canFind: false }),
  ...shared,
  finds: 'never',
  open: () => open(forgetful),
});

const late = new MemoryWorld();
const slowChecks = resourceChecks({
  type: memoryThing(late, { slowMs: 1_000 }),
  properties: shared.properties,
  slow: shared.properties,
  open: () => open(late),
});
test.for(slowChecks.filter(({ name }) => name.includes('abort')))('slow memory:thing: $name', (check) => check.run());

async function context() {
  const place = await openTestPlace();
  onTestFinished(() => place.close());
  return place.context;
}

const request = { token: 't1', name: 'thing', properties: { value: 1 } };

test('a fault before the effect leaves nothing, one after it leaves a thing that find sees', async () => {
  for (const when of ['before', 'after'] as const) {
    const world = new MemoryWorld();
    const lost = new Error('connection lost');
    const type = memoryThing(world, {
      fault: ({ call, number }, now) => (call === 'create' && number === 1 && now === when ? lost : undefined),
    });
    const call = await context();
    await expect(type.create(call, request)).rejects.toBe(lost);
    const found = await type.find(call, { action: 'create', ...request });
    expect(found.kind).toBe(when === 'before' ? 'absent' : 'present');
    expect(world.things.size).toBe(when === 'before' ? 0 : 1);
    // The second call is not the one that was to fail.
    await type.create(call, { ...request, token: 't2' });
    expect(world.calls.map(({ call, number }) => `${call} ${number}`)).toEqual(['create 1', 'find 1', 'create 2']);
  }
});

test('the world knows no idempotency: the same token twice makes two things', async () => {
  const world = new MemoryWorld();
  const type = memoryThing(world);
  const call = await context();
  await type.create(call, request);
  await type.create(call, request);
  expect(world.things.size).toBe(2);
});

test('things outlive the provider and can be imported', async () => {
  const world = new MemoryWorld();
  const call = await context();
  const { id } = await memoryThing(world).create(call, request);
  const [type] = inMemoryProvider(world).resourceTypes;
  expect(await type?.import?.(call, id, {}, 'thing')).toMatchObject({ kind: 'present', id, properties: { value: 1 } });
  expect(await type?.import?.(call, 'thing-99', {}, 'thing')).toEqual({ kind: 'absent' });
});
