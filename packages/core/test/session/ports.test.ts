import { expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import { service } from '../support/declare.ts';
import { playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';

const HOLDER = 'node server.js (process 4711)';

async function shop() {
  const play = await playground();
  await play.file('api/x', '1');
  await play.file('web/x', '1');
  await play.config({ services: { api: service('api', 4000), web: service('web', 4001) } });
  return play;
}

it('a port that somebody else has is a warning in the plan, and refuses a deployment before anything is done', async () => {
  const play = await shop();
  play.cluster.foreignPorts.set(4000, HOLDER).set(4001, HOLDER);
  const plan = await play.plan();
  expect(plan.warnings.map(({ code, subject }) => `${code} ${subject}`)).toEqual([
    'port-in-use service:api',
    'port-in-use service:web',
  ]);
  const error = await refusal(play.deploy(), 'port-in-use');
  expect(error.message).toContain(`Port 4000, which service:api is to have, is taken by ${HOLDER}`);
  expect(error.message).toContain('Port 4001');
  expect(play.effects()).toEqual([]);
  expect(await play.session((slipway) => slipway.history())).toEqual([]);
  // A plan that was saved is asked about anew.
  play.cluster.foreignPorts.clear();
  const fine: Plan = JSON.parse(JSON.stringify(await play.plan()));
  expect(fine.warnings).toEqual([]);
  play.cluster.foreignPorts.set(4001, HOLDER);
  await refusal(play.deploy(undefined, { plan: fine }), 'port-in-use');
  play.cluster.foreignPorts.clear();
  expect((await play.deploy(undefined, { plan: fine })).status).toBe('completed');
});

it('what serves on its port is not asked about; what is taken back is never refused', async () => {
  const play = await shop();
  await play.deploy();
  await play.file('web/x', '2');
  await play.deploy();
  play.cluster.foreignPorts.set(4000, HOLDER);
  expect((await play.plan()).warnings).toEqual([]);
  expect((await play.deploy()).steps).toEqual([]);
  play.cluster.foreignPorts.set(4001, HOLDER);
  expect((await play.session((slipway) => slipway.rollback())).status).toBe('completed');
});

it('a platform that can not say who has a port refuses nothing', async () => {
  const play = await shop();
  play.fault = ({ call }) => (call === 'checkPort' ? new Error('no way there') : undefined);
  expect((await play.plan()).warnings).toEqual([]);
  expect((await play.deploy()).status).toBe('completed');
});
