import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import { thing } from '../support/declare.ts';
import { playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';

const actions = (plan: Plan) => Object.fromEntries(plan.changes.map(({ address, action }) => [address, action]));
const reasons = (plan: Plan, address: string) => plan.changes.find((change) => change.address === address)!.reasons;
const steps = (plan: Plan) => plan.steps.map(({ id }) => id);

describe('what a plan makes of resources', () => {
  it('creates what is new, leaves what is the same, and deletes what is gone', async () => {
    const play = await playground();
    const first = await play.plan({ resources: { a: thing(1), b: thing(2) } });
    expect(actions(first)).toEqual({ 'resource:a': 'create', 'resource:b': 'create' });
    expect(reasons(first, 'resource:a')).toEqual([
      { path: 'properties.value', before: null, after: 1, replaces: false },
    ]);
    expect((await play.deploy()).status).toBe('completed');
    const same = await play.plan();
    expect(actions(same)).toEqual({ 'resource:a': 'none', 'resource:b': 'none' });
    expect(same.steps).toEqual([]);
    expect(actions(await play.plan({ resources: { a: thing(1) } }))).toEqual({
      'resource:a': 'none',
      'resource:b': 'delete',
    });
    await play.deploy();
    expect([...play.world.things.values()].map(({ name }) => name)).toEqual(['a']);
  });

  it('updates only the properties that changed, and says which', async () => {
    const play = await playground();
    await play.deploy({ resources: { a: thing({ size: 1, names: ['x'] }, { kind: 'small' }) } });
    const plan = await play.plan({ resources: { a: thing({ size: 2, names: ['x'] }, { kind: 'small' }) } });
    expect(actions(plan)).toEqual({ 'resource:a': 'update' });
    expect(reasons(plan, 'resource:a')).toEqual([
      { path: 'properties.value.size', before: 1, after: 2, replaces: false },
    ]);
    expect(plan.steps[0]).toMatchObject({ id: 'resource:a/update', input: { changed: ['value.size'] } });
    await play.deploy();
    expect([...play.world.things.values()][0]!.properties).toEqual({ value: { size: 2, names: ['x'] }, kind: 'small' });
  });

  it('replaces for a property that can not be changed in place, and for another type', async () => {
    const play = await playground();
    await play.deploy({ resources: { a: thing(1, { kind: 'small' }), b: { type: 'core:value', input: 1 } } });
    const plan = await play.plan({ resources: { a: thing(1, { kind: 'large' }), b: thing(1) } });
    expect(actions(plan)).toEqual({ 'resource:a': 'replace', 'resource:b': 'replace' });
    expect(reasons(plan, 'resource:a')).toContainEqual({
      path: 'properties.kind',
      before: 'small',
      after: 'large',
      replaces: true,
    });
    expect(reasons(plan, 'resource:b')).toContainEqual({
      path: 'type',
      before: 'core:value',
      after: 'memory:thing',
      replaces: true,
    });
    await play.deploy();
    expect((await play.state()).get('resource:b')).toMatchObject({ type: 'memory:thing' });
    expect((await play.plan()).steps).toEqual([]);
  });

  it('sees tags and dependencies, touches nothing outside for them, and ignores automatic tags', async () => {
    const play = await playground();
    const at = (tags: object, more = {}) => ({ resources: { a: thing(1), b: thing(2, { tags, ...more }) } });
    await play.deploy(at({ team: 'x', 'deployed-at': 'monday' }));
    expect((await play.plan(at({ team: 'x', 'deployed-at': 'tuesday' }))).steps).toEqual([]);
    const tagged = await play.plan(at({ team: 'y', 'deployed-at': 'tuesday' }));
    expect(reasons(tagged, 'resource:b')).toEqual([{ path: 'tags.team', before: 'x', after: 'y', replaces: false }]);
    play.forgetCalls();
    await play.deploy(at({ team: 'y' }, { dependsOn: ['a'] }));
    expect(play.effects()).toEqual([]);
    expect((await play.state()).get('resource:b')).toMatchObject({ tags: { team: 'y' }, dependsOn: ['resource:a'] });
    expect((await play.plan()).steps).toEqual([]);
  });

  it('shows what only the run can know, and does nothing when it turns out as it was', async () => {
    const play = await playground();
    const at = (value: number) => ({
      resources: { a: thing(value), b: thing('${resource:a.id}'), c: thing('is ${resource:a.value}') },
    });
    const fresh = await play.plan(at(1));
    expect(reasons(fresh, 'resource:b')[0]).toMatchObject({ after: '(known after apply)' });
    await play.deploy();
    const plan = await play.plan(at(2));
    expect(reasons(plan, 'resource:b')).toEqual([
      { path: 'properties.value', before: 'thing-1', after: '(known after apply)', replaces: false },
    ]);
    expect(reasons(plan, 'resource:c')[0]).toMatchObject({ before: 'is 1', after: 'is 2' });
    play.forgetCalls();
    const { steps } = await play.deploy();
    expect(play.effects()).toEqual(['update a', 'update c']);
    expect(steps.map(({ id, unchanged }) => [id, unchanged])).toEqual([
      ['resource:a/update', undefined],
      ['resource:b/update', 'thing-2'],
      ['resource:c/update', undefined],
    ]);
    expect((await play.plan()).steps).toEqual([]);
  });

  it('keeps a resource under its new name, with what changed besides', async () => {
    const play = await playground();
    await play.deploy({ resources: { old: thing(1), user: thing('${resource:old.id}') } });
    const renamed = (value: unknown) => ({
      resources: { new: thing(value), user: thing('${resource:new.id}') },
      moved: [{ from: 'resource:old', to: 'resource:new' }],
    });
    const plan = await play.plan(renamed(1));
    expect(plan.changes).toContainEqual(
      expect.objectContaining({ address: 'resource:new', action: 'update', movedFrom: 'resource:old' }),
    );
    play.forgetCalls();
    expect((await play.deploy(renamed(2))).status).toBe('completed');
    expect(play.effects()).toEqual(['update new']);
    expect([...(await play.state()).keys()].sort()).toEqual(['resource:new', 'resource:user']);
    expect((await play.plan()).steps).toEqual([]);
  });

  it('replaces what was renamed and waits for those who still use it', async () => {
    const play = await playground();
    const order = { replace: 'create-before-delete' };
    await play.deploy({
      resources: { old: thing(1, { kind: 'a', ...order }), user: thing('${resource:old.id}') },
    });
    const plan = await play.plan({
      resources: { new: thing(1, { kind: 'b', ...order }), user: thing('${resource:new.id}') },
      moved: [{ from: 'resource:old', to: 'resource:new' }],
    });
    const last = plan.steps.find(({ id }) => id === 'resource:new/delete-old')!;
    expect(last.needs).toContain('resource:user/update');
    expect((await play.deploy()).status).toBe('completed');
    expect([...play.world.things.values()].map(({ name }) => name).sort()).toEqual(['new', 'user']);
  });

  it('names the path that closes a circle', async () => {
    const play = await playground();
    const circle = { a: thing('${resource:b.id}'), b: thing('${resource:c.id}'), c: thing('${resource:a.id}') };
    const error = await refusal(play.plan({ resources: circle }), 'cycle');
    expect(error.message).toMatch(/resource:a -> resource:b -> resource:c -> resource:a|resource:[abc] -> /);
    expect(error.details.path).toHaveLength(4);
  });

  it('plans a chain of 10,000 without running out of stack', async () => {
    const play = await playground();
    const resources: Record<string, unknown> = {};
    for (let n = 0; n < 10_000; n++) {
      resources[`n${n}`] = { type: 'core:value', input: n === 0 ? 0 : `\${resource:n${n - 1}.value}` };
    }
    const plan = await play.plan({ resources });
    expect(plan.waves).toBe(10_000);
    expect(plan.criticalPath).toHaveLength(10_000);
  });
});

describe('the order of replacement', () => {
  const at = (kind: string, replace: string) => ({
    resources: {
      base: thing(0, { kind, replace }),
      user: thing('${resource:base.id}'),
      far: thing('${resource:user.id}'),
    },
  });

  it('create-before-delete: the old one goes when its dependents have turned away, and is recorded until then', async () => {
    const play = await playground();
    await play.deploy(at('a', 'create-before-delete'));
    const plan = await play.plan(at('b', 'create-before-delete'));
    const id = (name: string) => plan.steps.find((step) => step.id === name)!;
    expect(id('resource:base/delete-old').needs).toEqual(
      expect.arrayContaining(['resource:base/create', 'resource:user/update']),
    );
    play.fault = ({ call }) => (call === 'delete' ? new Error('not now') : undefined);
    const failed = await play.deploy(undefined, { onFailure: 'stop' });
    expect(failed.status).toBe('failed');
    const kept = [...(await play.state()).keys()].filter((address) => address.startsWith('resource:base~'));
    expect(kept).toHaveLength(1);
    expect(play.world.things.size).toBe(4);
    play.fault = () => undefined;
    expect((await play.deploy()).status).toBe('completed');
    expect(play.world.things.size).toBe(3);
    expect((await play.state()).size).toBe(3);
  });

  it('delete-before-create: the old one goes first', async () => {
    const play = await playground();
    await play.deploy(at('a', 'delete-before-create'));
    const plan = await play.plan(at('b', 'delete-before-create'));
    expect(steps(plan)).toEqual([
      'resource:base/delete',
      'resource:base/create',
      'resource:user/update',
      'resource:far/update',
    ]);
    play.forgetCalls();
    expect((await play.deploy()).status).toBe('completed');
    expect(play.effects()).toEqual(['delete base', 'create base', 'update user']);
  });

  it('deletes what is no longer wanted after what stays has let go of it, also beside a replacement', async () => {
    const play = await playground();
    await play.deploy({
      resources: {
        base: thing(0, { kind: 'a' }),
        middle: thing('${resource:base.id}'),
        user: thing('${resource:middle.id}'),
      },
    });
    const plan = await play.plan({ resources: { base: thing(0, { kind: 'b' }), user: thing('${resource:base.id}') } });
    expect(plan.steps.find(({ id }) => id === 'resource:middle/delete')!.needs).toContain('resource:user/update');
    expect((await play.deploy()).status).toBe('completed');
    expect([...play.world.things.values()].map(({ name }) => name).sort()).toEqual(['base', 'user']);
  });
});

describe('protect', () => {
  it('refuses deletion and replacement, by its block and when the block is gone', async () => {
    const play = await playground();
    const guarded = (kind: string) => ({ resources: { a: thing(1, { kind, protect: true }), b: thing(2) } });
    await play.deploy(guarded('x'));
    await refusal(play.plan(guarded('y')), 'protected');
    const error = await refusal(play.deploy({ resources: { b: thing(2) } }), 'protected');
    expect(error.details.addresses).toEqual(['resource:a']);
    expect(error.hint).toContain('protect: false');
    await refusal(
      play.session((slipway) => slipway.destroy()),
      'protected',
    );
    expect(play.world.things.size).toBe(2);
  });

  it('is lifted by deploying protect: false first', async () => {
    const play = await playground();
    await play.deploy({ resources: { a: thing(1, { kind: 'x', protect: true }) } });
    await refusal(play.plan({ resources: { a: thing(1, { kind: 'y' }) } }), 'protected');
    const lifted = await play.plan({ resources: { a: thing(1, { kind: 'x', protect: false }) } });
    expect(reasons(lifted, 'resource:a')).toEqual([{ path: 'protect', before: true, after: false, replaces: false }]);
    play.forgetCalls();
    await play.deploy();
    expect(play.effects()).toEqual([]);
    expect((await play.deploy({ resources: { a: thing(1, { kind: 'y' }) } })).status).toBe('completed');
    expect((await play.deploy({ resources: {} })).status).toBe('completed');
    expect(play.world.things.size).toBe(0);
  });

  it('does not stand in the way of replacing what was only half made', async () => {
    const play = await playground();
    play.fault = ({ call }, when) =>
      call === 'create' && when === 'after' ? new Error('broke in the middle') : undefined;
    const config = { resources: { a: thing(1, { protect: true }) } };
    expect((await play.deploy(config)).status).toBe('failed');
    expect((await play.state()).get('resource:a')).toMatchObject({ incomplete: { action: 'create' } });
    play.fault = () => undefined;
    expect((await play.plan()).changes[0]).toMatchObject({ action: 'replace' });
    expect((await play.deploy()).status).toBe('completed');
    expect(play.world.things.size).toBe(1);
    expect((await play.state()).get('resource:a')).not.toHaveProperty('incomplete');
  });
});
