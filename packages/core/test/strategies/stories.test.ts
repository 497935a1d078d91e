import { describe, expect, it } from 'vitest';
import type { BlueGreenStrategy } from '../../src/config/project.ts';
import { assemblePlan } from '../../src/plan/assemble.ts';
import { bindLockstep } from '../../src/strategies/lockstep.ts';
import { analysis, canaryOf, emit, leftOver, rollingOf, stepsOf, storyOf } from './simulate.ts';

const blueGreenOf = (more: Partial<BlueGreenStrategy>): BlueGreenStrategy => ({
  kind: 'blue-green',
  drainMs: 1_000,
  keepOld: true,
  validationMs: 0,
  switch: 'automatic',
  bakeMs: 0,
  ...more,
});
const step = (weight: number, holdMs: number) => ({ weight, holdMs, pause: false });

describe('a canary', () => {
  it('goes up as many instances as its weight needs, and measures all the way', () => {
    const strategy = canaryOf([step(10, 60_000), { weight: 50, pause: true }], { analysis, bakeMs: 5_000 });
    expect(storyOf({ strategy, wanted: 4 })).toEqual([
      'stage 1',
      'probe',
      'switch-10 new=10 old=90',
      'analyse-10 60s',
      'scale-4 4',
      'probe-4',
      'switch-50 new=50 old=50',
      'pause-50',
      'switch new=100',
      'verify',
      'watch',
      'bake 5s',
      'drain',
    ]);
    const watch = stepsOf({ strategy, wanted: 4 }).find(({ action }) => action === 'watch')!;
    expect(watch).toMatchObject({
      needs: ['service:web/switch-10'],
      until: ['service:web/verify'],
      input: { revision: 'new', stable: 'old', baseline: null },
    });
    expect(watch.estimateMs).toBeGreaterThanOrEqual(60_000);
    // A person may take days, and an inconclusive analysis waits for one.
    expect(watch.timeoutMs).toBeGreaterThan(7 * 86_400_000);
    const bake = stepsOf({ strategy, wanted: 4 }).find(({ id }) => id.endsWith('/bake'))!;
    expect(bake.needs).toEqual(['service:web/verify', 'service:web/watch']);
  });

  it('has time for all that an inconclusive watch measures on', () => {
    const onInconclusive = { kind: 'extend', times: 2, else: 'fail' } as const;
    const patient = { ...analysis, durationMs: 86_400_000, onInconclusive };
    const watch = stepsOf({ strategy: canaryOf([step(10, 1_000)], { analysis: patient }) }).find(
      ({ action }) => action === 'watch',
    )!;
    expect(watch.timeoutMs).toBeGreaterThan(2 * 86_400_000);
  });

  it('compares with a fresh copy of the old one, which is gone before it gets everything', () => {
    const strategy = canaryOf([step(10, 1_000), step(60, 1_000)], { baseline: true, analysis, background: false });
    expect(storyOf({ strategy, wanted: 2 })).toEqual([
      'stage 1',
      'probe',
      'stage-baseline 1',
      'probe-baseline',
      'switch-10 new=10 old-baseline=10 old=80',
      'analyse-10 1s',
      'scale-2 2',
      'probe-2',
      'scale-baseline-2 2',
      'probe-baseline-2',
      'switch-60 new=60 old-baseline=40',
      'analyse-60 1s',
      'close-baseline new=60 old=40',
      'drain-baseline',
      'retire-old-baseline',
      'switch new=100',
      'verify',
      'drain',
    ]);
  });

  it('shows itself to those who ask for it, before it has a share', () => {
    const header = { name: 'x-canary', value: '1' };
    const strategy = canaryOf([{ header, pause: true }, step(20, 0)]);
    expect(storyOf({ strategy, wanted: 1 })).toEqual([
      'stage 1',
      'probe',
      'switch-0 old=100 x-canary=1',
      'pause-0',
      'switch-20 new=20 old=80 x-canary=1',
      'switch new=100',
      'verify',
      'drain',
    ]);
  });

  it('takes back first what a broken rollout left with a share', () => {
    const situation = { strategy: canaryOf([step(20, 0)]), traffic: { weights: { old: 50, new: 50 } } };
    expect(storyOf(situation).slice(0, 3)).toEqual(['probe-old', 'take-back old=100', 'stage 1']);
    const stage = stepsOf(situation).find(({ action }) => action === 'stage')!;
    expect(stage.needs).toEqual(['service:web/take-back']);
  });

  it('keeps the old one for a time, and that is the very last', () => {
    const { drafts, emitted } = emit({ strategy: canaryOf([step(20, 0)], { keepOld: { forMs: 60_000 } }) });
    emitted.retire(['service:other/verify']);
    const [keep, retire] = drafts.list.slice(-2);
    expect(keep).toMatchObject({ action: 'hold', estimateMs: 60_000 });
    expect(keep!.needs).toEqual(['service:web/drain', 'service:other/verify']);
    expect(retire).toMatchObject({ action: 'retire', needs: ['service:web/keep'] });
  });
});

describe('blue-green', () => {
  it('previews, validates, waits for a person, moves in steps, and watches on', () => {
    const strategy = blueGreenOf({
      previewPort: 8081,
      validationMs: 10_000,
      switch: 'manual',
      gradual: { step: 50, holdMs: 5_000 },
      after: analysis,
      keepOld: false,
      bakeMs: 20_000,
    });
    expect(storyOf({ strategy, publishes: true })).toEqual([
      'publish',
      'stage 1',
      'probe',
      'preview old=100 8081',
      'validate 10s',
      'probe-validated',
      'pause',
      'switch-50 new=50 old=50 8081',
      'hold-50 5s',
      'switch new=100',
      'verify',
      'watch',
      'bake 20s',
      'drain',
      'retire-old',
    ]);
  });
});

describe('rolling', () => {
  it('replaces batch by batch, by weights of what takes part', () => {
    expect(storyOf({ strategy: rollingOf({ pauseMs: 1_000, minimumHealthyMs: 2_000 }), wanted: 3, before: 2 })).toEqual(
      [
        'stage 1',
        'probe',
        'settle-1 2s',
        'probe-settled-1',
        'switch-1 new=33 old=67',
        'hold-1 1s',
        'scale-2 2',
        'probe-2',
        'settle-2 2s',
        'probe-settled-2',
        'switch-2 new=67 old=33',
        'drain-2',
        'hold-2 1s',
        'shrink-2 1',
        'scale-3 3',
        'probe-3',
        'settle-3 2s',
        'probe-settled-3',
        'switch new=100',
        'verify',
        'drain',
        'retire-old',
      ],
    );
  });

  it('without room for more, the old one goes first', () => {
    // Nobody waits between the batches while there is nothing new to look at.
    const strategy = rollingOf({ maxSurge: { count: 0 }, maxUnavailable: { count: 1 }, pauseMs: 1_000 });
    expect(storyOf({ strategy, wanted: 1 })).toEqual([
      'switch-1',
      'drain-1',
      'shrink-1 0',
      'stage 1',
      'probe',
      'switch new=100',
      'verify',
      'drain',
      'retire-old',
    ]);
  });
});

describe('in lockstep', () => {
  it('nobody moves before all are checked, nobody gets ahead, and the end is reached together', () => {
    const web = emit({ strategy: canaryOf([step(10, 1_000), step(50, 1_000)]), name: 'web' });
    const api = emit({ strategy: canaryOf([step(50, 1_000)]), name: 'api' }, web.drafts);
    bindLockstep([web.emitted, api.emitted], web.drafts);
    const needs = (id: string) => web.drafts.get(`service:${id}`)!.needs;
    expect(needs('web/switch-10')).toEqual(['service:web/probe', 'service:api/probe']);
    expect(needs('web/switch-50')).toEqual(['service:web/hold-10', 'service:api/probe']);
    expect(needs('api/switch-50')).toEqual(['service:api/probe', 'service:web/hold-10']);
    expect(needs('api/switch')).toEqual(['service:api/hold-50', 'service:web/hold-50']);
    expect(needs('web/switch')).toEqual(['service:web/hold-50', 'service:api/hold-50']);
  });

  it('their steps form a plan: nothing waits for itself', () => {
    const strategy = rollingOf({ analysis, bakeMs: 1_000 });
    const web = emit({ strategy, wanted: 4, name: 'web' });
    const api = emit({ strategy, wanted: 2, name: 'api' }, web.drafts);
    const db = emit({ strategy, wanted: 1, name: 'db' }, web.drafts);
    const members = [web.emitted, api.emitted, db.emitted];
    bindLockstep(members, web.drafts);
    for (const member of members)
      member.retire(members.flatMap(({ ready }) => ready).filter((one) => !member.ready.includes(one)));
    const frame = { changes: [], limits: { overall: 10, providers: {}, types: {} } } as unknown as Parameters<
      typeof assemblePlan
    >[0];
    const plan = assemblePlan(frame, web.drafts.list);
    for (const retire of plan.steps.filter(({ action }) => action === 'retire')) {
      const earlier = plan.steps.filter(({ wave }) => wave < retire.wave).map(({ id }) => id);
      for (const ready of members.flatMap((member) => member.ready)) expect(earlier).toContain(ready);
    }
  });
});

it('what takes all back gets no more instances than there is room for by now', () => {
  const strategy = rollingOf();
  const others = [leftOver('broken', 2, strategy, { declared: 4 })];
  const broken = { strategy, before: 1, others, traffic: { weights: { old: 50, broken: 50 } } };
  expect(storyOf({ ...broken, wanted: 3, most: 3 }).slice(0, 3)).toEqual([
    'scale-old 3',
    'probe-old',
    'take-back old=100',
  ]);
  expect(storyOf({ ...broken, wanted: 3 })[0]).toBe('scale-old 4');
});
