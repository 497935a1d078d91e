import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryWorld, memoryThing } from '@slipway/provider-testkit';
import { expect, test } from 'vitest';
import type { ResourceType } from '../../src/provider/contract.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';

/** A thing whose type counts how many of its calls run at once, by call. */
function counting(world: MemoryWorld, kind: string) {
  const most: Record<string, number> = { read: 0, update: 0 };
  const running: Record<string, number> = { read: 0, update: 0 };
  const counted = async <T>(call: 'read' | 'update', work: () => Promise<T>): Promise<T> => {
    most[call] = Math.max(most[call]!, ++running[call]!);
    try {
      await sleep(5);
      return await work();
    } finally {
      running[call]!--;
    }
  };
  const sound = memoryThing(world);
  const type: ResourceType = {
    ...sound,
    name: `memory:${kind}`,
    read: (context, recorded) => counted('read', () => sound.read(context, recorded)),
    update: (context, request) => counted('update', () => sound.update!(context, request)),
  };
  return { type, most };
}

/** Twelve things, six of each of two kinds, all of which drifted. */
async function drifted() {
  const world = new MemoryWorld();
  const [few, many] = [counting(world, 'few'), counting(world, 'many')];
  const play = await playground({ types: [few.type, many.type] });
  const resources: Config = {};
  for (let n = 0; n < 6; n++) {
    for (const kind of ['few', 'many']) resources[`${kind}-${n}`] = { type: `memory:${kind}`, value: 1 };
  }
  await play.deploy({ resources });
  for (const thing of world.things.values()) thing.properties = { value: 2 };
  return { play, few: few.most, many: many.most, resources, world };
}

const limited = (limits: Config) => ({ environments: { dev: { platform: 'memory', limits } } });
const fix = (play: Playground) => play.session((slipway) => slipway.fixDrift());

test.for<[string, Config, number, number]>([
  ['of a type', { types: { 'memory:few': 2 } }, 2, 6],
  ['of a provider', { overall: 12, providers: { memory: 1 } }, 1, 1],
  ['overall', { overall: 1 }, 1, 1],
])('a limit %s holds for looking at drift and for mending it', async ([, limits, ofFew, ofMany]) => {
  const { play, few, many, resources, world } = await drifted();
  await play.config({ resources, ...limited(limits) });
  expect((await fix(play)).status).toBe('completed');
  expect(few).toEqual({ read: ofFew, update: ofFew });
  expect(many).toEqual({ read: ofMany, update: ofMany });
  expect([...world.things.values()].map(({ properties }) => properties.value)).toEqual(Array(12).fill(1));
});

test('where the config can not be read, the limits of the last deployment hold', async () => {
  const { play, few, many, resources } = await drifted();
  await play.deploy({ resources: { ...resources, more: { type: 'memory:few' } }, ...limited({ overall: 3 }) });
  await play.file('slipway.yaml', 'name: [');
  expect((await fix(play)).status).toBe('completed');
  for (const { read, update } of [few, many]) expect(Math.max(read!, update!)).toBeLessThanOrEqual(3);
});
