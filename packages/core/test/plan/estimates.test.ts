import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyDag } from '../graph/dag.ts';
import { thing } from '../support/declare.ts';
import { type Config, makePlayground, playground } from '../support/playground.ts';

it('waves are the longest path, needs come in earlier waves, and equal input gives an equal plan', async () => {
  const play = await makePlayground();
  try {
    await fc.assert(
      fc.asyncProperty(anyDag(15), async ({ ids, needs }) => {
        const resources: Config = {};
        for (const id of ids) resources[id] = { type: 'core:value', input: 1, dependsOn: needs.get(id) };
        const plan = await play.plan({ resources });
        const depth = (id: string): number => 1 + Math.max(0, ...needs.get(id)!.map(depth));
        expect(plan.waves).toBe(Math.max(...ids.map(depth)));
        for (const step of plan.steps) {
          expect(step.wave).toBe(depth(step.subject.replace('resource:', '')));
          expect(step.needs.map((need) => need.split('/')[0]).sort()).toEqual(
            needs
              .get(step.subject.replace('resource:', ''))!
              .map((need) => `resource:${need}`)
              .sort(),
          );
        }
        expect(plan.criticalPath).toHaveLength(plan.waves);
        expect((await play.plan()).digest).toBe(plan.digest);
      }),
      { numRuns: 25 },
    );
  } finally {
    await play.close();
  }
});

it('estimates by what was recorded, and names the path that decides', async () => {
  const play = await playground({ things: { slowMs: ({ name }) => (name === 'slow' ? 120 : 0) } });
  const at = (value: number) => ({
    resources: { slow: thing(value), quick: thing(value), after: thing(value, { dependsOn: ['slow'] }) },
  });
  const first = await play.plan(at(1));
  expect(first.steps.map(({ estimateMs }) => estimateMs)).toEqual([1, 1, 1]);
  await play.deploy();
  await play.session((slipway) => slipway.destroy());
  const second = await play.plan(at(1));
  expect(second.criticalPath).toEqual(['resource:slow/create', 'resource:after/create']);
  expect(second.estimateMs).toBeGreaterThanOrEqual(100);
  expect(second.estimateMs).toBeLessThan(100_000);
  // One after another takes as long as all of them together.
  const serial = await play.plan(at(1), { sequential: true });
  expect(serial.limits.overall).toBe(1);
  expect(serial.estimateMs).toBe(serial.steps.reduce((sum, step) => sum + step.estimateMs, 0));
});
