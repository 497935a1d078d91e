import { expect, it } from 'vitest';
import type { RouterProblem } from '../../src/provider/contract.ts';
import { service } from '../support/declare.ts';
import { playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';

const MISSING: RouterProblem = {
  code: 'not-installed',
  message: 'There is no program balancer on this machine.',
  hint: 'Install it.',
};

async function shop(resources = {}) {
  const play = await playground();
  await play.file('api/x', '1');
  await play.config({ resources, services: { api: service('api', 4000) } });
  return play;
}

it('what the router lacks is a warning in the plan, and refuses a deployment before anything is done', async () => {
  const play = await shop();
  play.cluster.routerProblems = [MISSING, { ...MISSING, message: 'Its socket does not answer.' }];
  const { warnings } = await play.plan();
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toMatchObject({ code: 'router-unusable', message: expect.stringContaining('Install it. Until') });
  const error = await refusal(play.deploy(), 'router-unusable');
  expect(error.message).toBe('There is no program balancer on this machine.\nIts socket does not answer.');
  expect(error.hint).toBe('Nothing was begun. Install it.');
  expect(play.effects()).toEqual([]);
  expect(await play.session((slipway) => slipway.history())).toEqual([]);
  play.cluster.routerProblems = [];
  expect((await play.deploy()).status).toBe('completed');
});

it('a plan without changes says nothing of it, and what is taken back or ends is never refused', async () => {
  const play = await shop();
  await play.deploy();
  play.cluster.routerProblems = [MISSING];
  expect((await play.plan()).warnings).toEqual([]);
  expect((await play.deploy()).steps).toEqual([]);
  play.cluster.routerProblems = [];
  await play.file('api/x', '2');
  await play.deploy();
  play.cluster.routerProblems = [MISSING];
  expect((await play.session((slipway) => slipway.rollback())).status).toBe('completed');
  expect((await play.session((slipway) => slipway.destroy())).status).toBe('completed');
});

it('a service that is taken out goes, whatever the router lacks', async () => {
  const play = await shop();
  await play.deploy();
  play.cluster.routerProblems = [MISSING];
  expect((await play.deploy({ services: {} })).status).toBe('completed');
  expect(play.cluster.revisions.size).toBe(0);
});

it('a deployment that changes resources is not refused: one of them may be what the router lacks', async () => {
  const play = await shop({ balancer: { type: 'core:value', input: 1 } });
  play.cluster.routerProblems = [MISSING];
  const [warning] = (await play.plan()).warnings;
  expect(warning?.message).toBe('There is no program balancer on this machine. Install it.');
  expect((await play.deploy()).status).toBe('completed');
});
