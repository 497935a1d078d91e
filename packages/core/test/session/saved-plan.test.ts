import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import { thing } from '../support/declare.ts';
import { playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';

const saved = (plan: Plan): Plan => JSON.parse(JSON.stringify(plan));

describe('a saved plan', () => {
  it('is applied as it is, whatever the config says by now', async () => {
    const play = await playground();
    const plan = await play.plan({ resources: { a: thing(1) } });
    expect(plan.digest).toMatch(/^[0-9a-f]{64}$/);
    expect((await play.plan()).digest).toBe(plan.digest);
    const report = await play.deploy({ resources: { a: thing(2) } }, { plan: saved(plan) });
    expect(report.status).toBe('completed');
    expect([...play.world.things.values()][0]!.properties).toEqual({ value: 1 });
  });

  it('is refused when it was altered, or is for another environment, project or purpose', async () => {
    const play = await playground();
    const environments = { dev: { platform: 'memory' }, other: { platform: 'memory' } };
    await play.config({ environments, resources: { a: thing(1) } });
    const plan = await play.session((slipway) => slipway.plan(), 'dev');
    const altered = saved(plan);
    (altered.steps[0]!.input as { desired: { properties: object } }).desired.properties = { value: 666 };
    const apply = (given: Plan, environment: string) =>
      play.session((slipway) => slipway.deploy({ plan: given }), environment);
    await refusal(apply(altered, 'dev'), 'plan-mismatch');
    await refusal(apply(plan, 'other'), 'plan-mismatch');
    await refusal(
      play.session((slipway) => slipway.destroy({ plan }), 'dev'),
      'plan-mismatch',
    );
    await play.config({ environments, name: 'else', resources: { a: thing(1) } });
    await refusal(apply(plan, 'dev'), 'plan-mismatch');
    expect(play.world.calls).toEqual([]);
  });

  it('is refused when the state moved, naming what moved and by what', async () => {
    const play = await playground();
    await play.deploy({ resources: { a: thing(1), b: thing(1) } });
    const plan = await play.plan({ resources: { a: thing(2), b: thing(1) } });
    const undoing = await play.session((slipway) => slipway.planRollback());
    const ending = await play.session((slipway) => slipway.planDestroy());
    const other = await play.deploy({ resources: { a: thing(1), b: thing(3) } });
    const error = await refusal(play.deploy(undefined, { plan: saved(plan) }), 'plan-stale');
    expect(error.message).toContain('resource:b');
    expect(error.message).toContain(other.id);
    expect(error.message).not.toContain('resource:a');
    await refusal(
      play.session((slipway) => slipway.rollback({ plan: saved(undoing) })),
      'plan-stale',
    );
    await refusal(
      play.session((slipway) => slipway.destroy({ plan: saved(ending) })),
      'plan-stale',
    );
    expect(play.world.things.size).toBe(2);
  });

  it('is asked about under the lock, and nothing happens without a yes', async () => {
    const play = await playground();
    await play.config({ resources: { a: thing(1) } });
    const asked: unknown[] = [];
    const confirm = async (plan: Plan, environment: { name: string; protected: boolean }) => {
      asked.push([plan.changes.length, environment, (await play.session((slipway) => slipway.status())).lock !== null]);
      return false;
    };
    await refusal(play.deploy(undefined, { confirm }), 'not-confirmed');
    expect(asked).toEqual([[1, { name: 'dev', protected: false }, true]]);
    expect(play.world.calls).toEqual([]);
    expect(await play.session((slipway) => slipway.history())).toEqual([]);
  });
});
