import { MemoryWorld, memoryThing } from '@slipway/provider-testkit';
import { expect, test } from 'vitest';
import type { FindQuery, ResourceType } from '../../src/provider/contract.ts';
import { thing } from '../support/declare.ts';
import { playground } from '../support/playground.ts';

/** A thing in memory that notes what its type is told, as `call name`. */
function listening(world: MemoryWorld) {
  const told: string[] = [];
  const queries: FindQuery[] = [];
  const sound = memoryThing(world);
  const type: ResourceType = {
    ...sound,
    name: 'memory:listening',
    read: (context, recorded) => {
      told.push(`read ${recorded.name}`);
      return sound.read(context, recorded);
    },
    find: (context, query) => {
      queries.push(query);
      return sound.find(context, query);
    },
    delete: (context, recorded) => {
      told.push(`delete ${recorded.name}`);
      return sound.delete(context, recorded);
    },
    import: (context, id, properties, name) => {
      told.push(`import ${name}`);
      return sound.import!(context, id, properties, name);
    },
  };
  return { type, told, queries };
}

test('a provider is told the name of what it looks at, imports and deletes, and of what was replaced', async () => {
  const world = new MemoryWorld();
  const { type, told } = listening(world);
  const play = await playground({ types: [type] });
  const declared = (kind: string) => ({
    resources: { a: { type: 'memory:listening', value: 1, kind, replace: 'create-before-delete' } },
  });
  await play.config(declared('x'));
  const { id } = world.make('of another', { value: 1, kind: 'x' }, 'token');
  await play.session((slipway) => slipway.import('resource:a', id));
  await play.session((slipway) => slipway.drift());
  await play.deploy(declared('y'));
  await play.deploy({ resources: {} });
  expect(told).toEqual(['import a', 'read a', 'delete a', 'delete a']);
  expect(world.things.size).toBe(0);
});

test('in doubt about an update, it is told the same of what differs as the update was', async () => {
  const world = new MemoryWorld();
  const { type, queries } = listening(world);
  const dies = new AbortController();
  let changed: string[] | undefined;
  const play = await playground({
    types: [
      {
        ...type,
        update: async (_, request) => {
          changed = request.changed;
          dies.abort();
          throw new Error('killed');
        },
      },
    ],
  });
  const declared = (value: number) => ({ resources: { a: { type: 'memory:listening', value } } });
  await play.deploy(declared(1));
  await play.config(declared(2));
  await play.session((slipway) => slipway.deploy({ kill: dies.signal }));
  await play.session((slipway) => slipway.resume());
  expect(changed).toEqual(['value']);
  expect(queries[0]).toMatchObject({ action: 'update', name: 'a', changed: ['value'], recorded: { name: 'a' } });
});

test('an update that turns out to change nothing is never in doubt', async () => {
  const play = await playground({ things: { canFind: false } });
  // Its id isn't known before its update has returned, and stays the same.
  const declared = (value: number) => ({ resources: { a: thing(value), b: thing('${resource:a.id}') } });
  await play.deploy(declared(1));
  await play.config(declared(2));
  const dies = new AbortController();
  const killed = await play.session((slipway) => {
    slipway.on((event) => {
      if (event.kind === 'journal' && event.event.type === 'step.started' && event.event.step === 'resource:b/update')
        dies.abort();
    });
    return slipway.deploy({ kill: dies.signal });
  });
  expect(killed.steps.map(({ id, status }) => [id, status])).toEqual([
    ['resource:a/update', 'succeeded'],
    ['resource:b/update', 'running'],
  ]);
  expect((await play.session((slipway) => slipway.resume())).status).toBe('completed');
});
