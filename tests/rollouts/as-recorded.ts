import { sendLoad } from '@slipway/provider-testkit';
import { expect } from 'vitest';
import type { RolloutProject } from './rollout-project.ts';

const REQUESTS = 60;

/**
 * What runs, what has weight and what answers from outside are what is recorded, no more and no less, and users are
 * answered by this version alone.
 */
export async function expectAsRecorded(project: RolloutProject, version: string): Promise<void> {
  const { revisions, weights, routes = [] } = await project.record();
  const active = Object.values(revisions).filter(({ role }) => role === 'active');
  expect(active.map(({ release }) => release.version)).toEqual([version]);
  expect(weights).toEqual({ [active[0]!.id]: 100 });
  expect(routes).toEqual([]);

  const { services } = await project.session((slipway) => slipway.status());
  const web = services.find(({ name }) => name === 'web')!;
  const withWeight = Object.entries(web.weights).filter(([, weight]) => weight > 0);
  expect(Object.fromEntries(withWeight)).toEqual(weights);
  const running = Object.fromEntries(web.running.map(({ revision, slots = [0] }) => [revision, slots]));
  const recorded = Object.values(revisions).map(({ id, slots = [0] }) => [id, slots] as const);
  expect(running).toEqual(Object.fromEntries(recorded));

  const report = await sendLoad(project.url, REQUESTS);
  expect(report).toMatchObject({ failed: 0, errors: {}, answered: { [version]: REQUESTS } });
  expect(Object.keys(report.instances)).toHaveLength(active[0]!.slots?.length ?? 1);
}
