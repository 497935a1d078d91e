import { MemoryWorld, memoryThing } from '@slipway/provider-testkit';
import { describe, expect, it } from 'vitest';
import { hasSoundDigest } from '../../src/plan/plan-digest.ts';
import type { ResourceType } from '../../src/provider/contract.ts';
import { service, thing } from '../support/declare.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';

const euros = (amount: number, more: Config = {}) => thing(1, { price: { amount, currency: 'EUR' }, ...more });
const dollars = (amount: number) => thing(1, { price: { amount, currency: 'USD' } });
const unpriced = thing(1, { price: null });
const eur = (before: number, after: number) => ({ currency: 'EUR', before, after });

describe('what a plan says of the cost', () => {
  it('adds up what is created, changed, replaced, deleted and left', async () => {
    const play = await playground();
    const first = await play.plan({ resources: { a: euros(10), b: euros(0.1), c: euros(0.2), gone: euros(3) } });
    expect(first.cost).toEqual({ monthly: [eur(0, 13.3)], unknown: [] });
    expect(hasSoundDigest(first)).toBe(true);
    await play.deploy();
    const next = await play.plan({ resources: { a: euros(20), b: euros(0.1), c: euros(5, { kind: 'other' }) } });
    expect(next.cost).toEqual({ monthly: [eur(13.3, 25.1)], unknown: [] });
    await play.deploy();
    const same = await play.plan();
    expect(same.steps).toEqual([]);
    expect(same.cost).toEqual({ monthly: [eur(25.1, 25.1)], unknown: [] });
  });

  it('keeps currencies apart, and names what is not known, before or after', async () => {
    const play = await playground();
    await play.deploy({ resources: { a: euros(1), old: unpriced, free: thing(1) } });
    const plan = await play.plan({ resources: { a: euros(2), b: dollars(2), new: unpriced, free: thing(1) } });
    expect(plan.cost?.monthly).toEqual([eur(1, 2), { currency: 'USD', before: 0, after: 2 }]);
    expect(plan.cost?.unknown.toSorted()).toEqual(['resource:new', 'resource:old']);
  });

  it('says nothing where nothing is known to cost anything', async () => {
    const play = await playground();
    const plan = await play.plan({ resources: { a: thing(1), b: { type: 'core:value', input: 1 }, c: unpriced } });
    expect(plan).not.toHaveProperty('cost');
  });

  it('counts what is not selected as it is recorded, and a moved thing once', async () => {
    const play = await playground();
    await play.deploy({ resources: { a: euros(1), b: euros(10), c: euros(100) } });
    const changed = { resources: { a: euros(2), b: euros(20), d: euros(1000) } };
    const only = await play.plan(changed, { only: ['a'] });
    expect(only.cost?.monthly).toEqual([eur(111, 112)]);
    const moved = [{ from: 'resource:c', to: 'resource:e' }];
    const plan = await play.plan({ resources: { ...changed.resources, e: euros(100) }, moved });
    expect(plan.cost?.monthly).toEqual([eur(111, 1122)]);
  });

  it('takes what another node tells when it is known, and does not guess before', async () => {
    const type = { ...memoryThing(new MemoryWorld()), name: 'memory:sized', cost: byLength };
    const play = await playground({ types: [type] });
    const sized = { type: 'memory:sized', value: '${resource:a.id}' };
    const priced = thing('${resource:a.id}', { price: { amount: 1, currency: 'EUR' } });
    await play.config({ resources: { a: thing(5), sized, priced } });
    expect((await play.plan()).cost).toEqual({ monthly: [eur(0, 1)], unknown: ['resource:sized'] });
    await play.deploy();
    expect((await play.plan()).cost).toEqual({ monthly: [eur(8, 8)], unknown: [] });
  });

  it('is for a rollback what was before, and for mending drift what is recorded', async () => {
    const play = await playground();
    await play.deploy({ resources: { a: euros(1), b: euros(10) } });
    await play.deploy({ resources: { a: euros(2), c: euros(100) } });
    const back = await play.session((slipway) => slipway.planRollback());
    expect(back.cost?.monthly).toEqual([eur(102, 11)]);
    const partly = await play.session((slipway) => slipway.planRollback({ only: ['a'] }));
    expect(partly.cost?.monthly).toEqual([eur(102, 101)]);
    play.world.things.clear();
    await play.session((slipway) => slipway.fixDrift());
    const planned = play.events.filter((event) => event.kind === 'planned').at(-1);
    expect(planned?.plan).toMatchObject({ kind: 'drift', cost: { monthly: [eur(102, 102)] } });
    const end = await play.session((slipway) => slipway.planDestroy());
    expect(end.cost).toEqual({ monthly: [eur(102, 0)], unknown: [] });
  });
});

describe('what a plan says of the cost of services', () => {
  const web = (more: Config) => ({ services: { web: service('web', 4100, more) } });
  const priced = async (): Promise<Playground> => {
    const play = await playground({
      cost: ({ env }) => (env.SIZE === '?' ? undefined : { amount: Number(env.SIZE), currency: 'EUR' }),
    });
    await play.file('web/index.js', '');
    return play;
  };

  it('counts the revision that is kept running beside the new one', async () => {
    const play = await priced();
    const first = await play.plan(web({ env: { SIZE: '10' }, strategy: 'blue-green' }));
    expect(first.cost?.monthly).toEqual([eur(0, 10)]);
    await play.deploy();
    const second = await play.plan(web({ env: { SIZE: '30' }, strategy: 'blue-green' }));
    expect(second.cost?.monthly).toEqual([eur(10, 40)]);
    await play.deploy();
    expect((await play.plan()).cost?.monthly).toEqual([eur(40, 40)]);
    const third = await play.plan(web({ env: { SIZE: '5' }, strategy: 'blue-green' }));
    expect(third.cost?.monthly).toEqual([eur(40, 35)]);
    const alone = await play.plan(web({ env: { SIZE: '5' }, strategy: 'recreate' }));
    expect(alone.cost?.monthly).toEqual([eur(40, 5)]);
    expect((await play.session((slipway) => slipway.planRollback())).cost?.monthly).toEqual([eur(40, 10)]);
    expect((await play.plan({ services: {} })).cost?.monthly).toEqual([eur(40, 0)]);
  });

  it('counts nothing of a service of which a part is not known', async () => {
    const play = await priced();
    await play.deploy({ ...web({ env: { SIZE: '10' }, strategy: 'blue-green' }), resources: { a: euros(1) } });
    const plan = await play.plan({
      ...web({ env: { SIZE: '?' }, strategy: 'blue-green' }),
      resources: { a: euros(1) },
    });
    expect(plan.cost).toEqual({ monthly: [eur(11, 1)], unknown: ['service:web'] });
  });
});

describe('a provider that is wrong about its prices', () => {
  it.for<[string, ResourceType['cost']]>([
    ['throws', () => fail()],
    ['gives no number', () => ({ amount: Number.NaN, currency: 'EUR' })],
    ['gives a negative number', () => ({ amount: -1, currency: 'EUR' })],
    ['names no currency', () => ({ amount: 1, currency: 'euro' })],
    ['promises', () => Promise.resolve(1) as never],
  ])('that %s counts as one that does not know, and keeps nobody from deploying', async ([, cost]) => {
    const type = { ...memoryThing(new MemoryWorld()), name: 'memory:odd', cost: cost! };
    const play = await playground({ types: [type] });
    await play.config({ resources: { a: euros(1), odd: { type: 'memory:odd' } } });
    expect((await play.plan()).cost).toEqual({ monthly: [eur(0, 1)], unknown: ['resource:odd'] });
    expect((await play.deploy()).status).toBe('completed');
  });
});

function byLength({ value }: Config) {
  return typeof value !== 'string' || value.includes('${') ? undefined : { amount: value.length, currency: 'EUR' };
}

function fail(): never {
  throw new Error('no price list');
}
