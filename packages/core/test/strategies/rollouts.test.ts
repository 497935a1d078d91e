import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import type { Step } from '../../src/plan/step.ts';
import type { State } from '../../src/state/record.ts';
import { service } from '../support/declare.ts';
import { type Config, makePlayground, playground } from '../support/playground.ts';

const ids = (plan: Plan, name = 'web') =>
  plan.steps.filter(({ subject }) => subject === `service:${name}`).map(({ id }) => id.split('/')[1]!);

async function web(strategy: unknown) {
  const play = await playground();
  await play.file('web/x', '1');
  const config = { services: { web: service('web', 4000, { strategy, build: 'true', tests: { smoke: 'true' } }) } };
  await play.config(config);
  return { play, config };
}

describe('the steps of a rollout', () => {
  it('blue-green: build, stage beside, probe, test, switch at once, verify, drain, keep', async () => {
    const { play } = await web('blue-green');
    const first = await play.plan();
    expect(ids(first)).toEqual(['build', 'stage', 'probe', 'test-smoke', 'switch', 'verify']);
    expect(first.waves).toBe(6);
    await play.deploy();
    const [old] = [...play.cluster.revisions.values()];
    await play.file('web/x', '2');
    const second = await play.plan();
    expect(ids(second)).toEqual(['build', 'stage', 'probe', 'test-smoke', 'switch', 'verify', 'drain']);
    const moved = second.steps.find((step) => step.action === 'switch')!;
    const [fresh] = Object.keys((moved as Extract<Step, { action: 'switch' }>).input.weights);
    expect(moved.input).toEqual({
      weights: { [fresh!]: 100 },
      roles: { [fresh!]: 'active', [old!.revision]: 'standby' },
    });
    await play.deploy();
    expect(play.cluster.revisions.size).toBe(2);
  });

  it('blue-green without keeping: the old one is retired after it was drained', async () => {
    const { play } = await web({ 'blue-green': { keepOld: false, drain: '5s' } });
    await play.deploy();
    await play.file('web/x', '2');
    const plan = await play.plan();
    const [old] = [...play.cluster.revisions.values()];
    expect(ids(plan).slice(-2)).toEqual(['drain', `retire-${old!.revision}`]);
    expect(plan.steps.find(({ action }) => action === 'drain')!.input).toEqual({
      revision: old!.revision,
      drainMs: 5_000,
    });
    await play.deploy();
    expect([...play.cluster.revisions.values()].map(({ revision }) => revision)).not.toContain(old!.revision);
  });

  it('recreate: the old one is closed, drained and stopped before the new one starts', async () => {
    const { play } = await web('recreate');
    expect(ids(await play.plan())).toEqual(['build', 'stage', 'probe', 'test-smoke', 'switch', 'verify']);
    await play.deploy();
    const [old] = [...play.cluster.revisions.values()];
    await play.file('web/x', '2');
    const order = [
      'build',
      'close',
      'drain',
      `retire-${old!.revision}`,
      'stage',
      'probe',
      'test-smoke',
      'switch',
      'verify',
    ];
    expect(ids(await play.plan())).toEqual(order);
    await play.deploy();
    const staged = play.cluster.calls.findLastIndex(({ call }) => call === 'stage');
    const retired = play.cluster.calls.findIndex(({ call }) => call === 'retire');
    expect(retired).toBeLessThan(staged);
    expect(play.cluster.revisions.size).toBe(1);
  });

  it('recreate: never runs two at once, whatever a broken run left', async () => {
    const { play } = await web('recreate');
    await play.deploy();
    await play.file('web/x', '2');
    play.fault = ({ call }) => (call === 'retire' ? new Error('stuck') : undefined);
    expect((await play.deploy()).status).toBe('failed');
    expect(play.cluster.routes.web).toEqual({});
    play.fault = ({ call }, when) => {
      const isTwo = call === 'stage' && when === 'before' && play.cluster.revisions.size > 0;
      return isTwo ? new Error('two at once') : undefined;
    };
    expect((await play.deploy()).status).toBe('completed');
    expect(play.cluster.revisions.size).toBe(1);
    play.fault = () => undefined;
  });

  it('tests as deep as asked, each level after the one before', async () => {
    const play = await playground();
    await play.file('web/x', '1');
    const tests = { smoke: 'true', e2e: 'true', full: 'true' };
    await play.config({ services: { web: service('web', 4000, { tests }) } });
    const actions = async (level: 'none' | 'e2e' | 'full') =>
      ids(await play.plan(undefined, { tests: level })).filter((id) => id.startsWith('test'));
    expect(await actions('none')).toEqual([]);
    expect(await actions('e2e')).toEqual(['test-smoke', 'test-e2e']);
    const full = await play.plan(undefined, { tests: 'full' });
    expect(full.steps.find(({ id }) => id.endsWith('switch'))!.needs).toEqual(['service:web/test-full']);
  });

  it('a failing test leaves the traffic where it was', async () => {
    const { play, config } = await web('blue-green');
    await play.deploy();
    const before = play.cluster.routes;
    await play.file('web/x', '2');
    config.services.web.tests = { smoke: 'echo it is broken; false' };
    const report = await play.deploy(config);
    expect(report).toMatchObject({ status: 'failed', error: { code: 'command-failed' } });
    expect(report.error!.message).toContain('it is broken');
    expect(play.cluster.routes).toEqual(before);
    // What was left staged goes with the next deployment, also when that one has nothing else to do.
    await play.file('web/x', '1');
    const tidy = await play.plan();
    expect(ids(tidy).map((id) => id.split('-')[0])).toEqual(['retire']);
    await play.deploy();
    expect(play.cluster.revisions.size).toBe(1);
    expect(play.cluster.routes).toEqual(before);
  });

  it('takes a service away after everything that needs it, traffic first', async () => {
    const play = await playground();
    for (const name of ['api', 'web']) await play.file(`${name}/x`, '1');
    await play.deploy({ services: { api: service('api', 4000), web: service('web', 4001, { dependsOn: ['api'] }) } });
    const plan = await play.session((slipway) => slipway.planDestroy());
    const revision = [...play.cluster.revisions.values()].find((one) => one.service === 'api')!.revision;
    expect(ids(plan, 'api')).toEqual(['close', 'drain', `retire-${revision}`, 'unroute']);
    expect(plan.steps.find(({ id }) => id === 'service:api/close')!.needs).toEqual(['service:web/unroute']);
    await play.session((slipway) => slipway.destroy());
    expect([play.cluster.routes, play.cluster.revisions.size, (await play.state()).size]).toEqual([{}, 0, 0]);
  });
});

/** Steps that must have succeeded before this one may begin. */
function before(plan: Plan, id: string): Step[] {
  const byId = new Map(plan.steps.map((step) => [step.id, step]));
  const found = new Set<string>();
  const pending = [...byId.get(id)!.needs];
  for (let need = pending.pop(); need !== undefined; need = pending.pop()) {
    if (found.has(need)) continue;
    found.add(need);
    pending.push(...byId.get(need)!.needs);
  }
  return [...found].map((one) => byId.get(one)!);
}

/** What must hold of every plan that anybody can make. */
function expectSafe(plan: Plan, state: State): void {
  expect(new Set(plan.steps.map(({ id }) => id)).size).toBe(plan.steps.length);
  for (const step of plan.steps) {
    if (!step.subject.startsWith('service:')) continue;
    const record = state.get(step.subject);
    const active = record?.kind === 'service' ? record.revisions : {};
    const earlier = before(plan, step.id).filter(({ subject }) => subject === step.subject);
    if (step.action === 'switch') {
      for (const revision of Object.keys(step.input.weights)) {
        // What has traffic already was probed when it got it.
        if (active[revision]?.role === 'active') continue;
        expect(earlier.some((one) => one.action === 'probe' && one.input.revision === revision)).toBe(true);
      }
      if (Object.keys(step.input.weights).length > 0) {
        const after = plan.steps.filter(({ action, subject }) => action === 'verify' && subject === step.subject);
        expect(after.some(({ id }) => before(plan, id).includes(step))).toBe(true);
      }
    }
    if (step.action === 'retire' && active[step.input.revision]?.role === 'active') {
      expect(earlier.some(({ action }) => action === 'switch')).toBe(true);
    }
  }
}

describe('in every plan', () => {
  const draft = fc.record({
    there: fc.boolean(),
    level: fc.nat(2),
    strategy: fc.constantFrom(
      'recreate',
      'blue-green',
      'rolling',
      { 'blue-green': { keepOld: false, gradual: { step: 50 }, bake: '1ms' } },
      { canary: { steps: [{ weight: 10, hold: '2ms' }, { weight: 50 }], keepOld: '1ms', baseline: true } },
    ),
    instances: fc.integer({ min: 1, max: 3 }),
    needs: fc.boolean(),
  });
  const configOf = (
    drafts: { there: boolean; level: number; strategy: unknown; instances: number; needs: boolean }[],
  ): Config => ({
    services: Object.fromEntries(
      drafts.flatMap(({ there, level, strategy, instances, needs }, n) => {
        if (!there) return [];
        const dependsOn = needs && drafts[n - 1]?.there ? [`s${n - 1}`] : [];
        const env = { LEVEL: `${level}` };
        return [[`s${n}`, service(`s${n}`, 4000 + n, { strategy, env, instances, dependsOn })]];
      }),
    ),
  });

  it('health is checked before success, and nothing with traffic is retired', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(draft, { minLength: 3, maxLength: 3 }), { minLength: 2, maxLength: 3 }),
        fc.infiniteStream(fc.nat(8)),
        async (versions, luck) => {
          const play = await makePlayground();
          try {
            for (const n of [0, 1, 2]) await play.file(`s${n}/x`, `${n}`);
            for (const version of versions) {
              await play.config(configOf(version));
              await play.session(async (slipway) => {
                const state = await slipway.state();
                expectSafe(await slipway.plan(), state);
                if (state.size > 0) expectSafe(await slipway.planDestroy(), state);
                const [newest] = await slipway.history(1);
                if (newest && newest.kind !== 'rollback') expectSafe(await slipway.planRollback(), state);
                // Some of them break, so that plans also begin with what that leaves.
                const breaksAt = luck.next().value;
                let seen = 0;
                play.fault = ({ call }, when) => {
                  if (when === 'after' || !['stage', 'setWeights', 'retire', 'drain'].includes(call)) return undefined;
                  return ++seen === breaksAt ? new Error('broken') : undefined;
                };
                await slipway.deploy({ onFailure: breaksAt % 2 === 0 ? 'stop' : 'rollback' });
                play.fault = () => undefined;
              });
            }
          } finally {
            await play.close();
          }
        },
      ),
      { numRuns: 6 },
    );
  });
});
