import { expect, it } from 'vitest';
import { service } from '../support/declare.ts';
import { type Config, playground } from '../support/playground.ts';
import { everything } from '../support/rolling-out.ts';
import { expectSound } from '../support/sound.ts';

// A host is gone for good and was taken out: there is room for fewer instances than are recorded.

/** One instance on each host, as many hosts as the environment's options say. */
const instances = ({ hosts = 1 }: { hosts?: unknown }) => ({ byDefault: Number(hosts), most: Number(hosts) });

async function onThreeHosts(strategy: unknown) {
  const play = await playground({ memory: { instances } });
  const config = (hosts: number): Config => ({
    environments: { dev: { platform: { use: 'memory', hosts }, onFailure: 'rollback' } },
    services: { web: service('web', 4000, { strategy }) },
  });
  await play.file('web/x', '1');
  expect((await play.deploy(config(3))).status).toBe('completed');
  const [first] = Object.keys(play.cluster.routes.web!);
  const slots = (id = first!) => play.cluster.revisions.get(`web/${id}`)?.slots;
  expect(slots()).toEqual([0, 1, 2]);
  return { play, config, first: first!, slots };
}

/** What the host that is gone ran. */
const lose = (play: Awaited<ReturnType<typeof playground>>) => {
  for (const { revision } of play.cluster.revisions.values()) play.cluster.stopInstance('web', revision, 2);
};

it.each(['recreate', 'blue-green', 'rolling'])('a rollback of %s asks for no more, and says so', async (strategy) => {
  const { play, config, first, slots } = await onThreeHosts(strategy);
  lose(play);
  await play.file('web/x', '2');
  expect((await play.deploy(config(2))).status).toBe('completed');
  const plan = await play.session((slipway) => slipway.planRollback());
  const message = expect.stringMatching(`${first} had 3 instances; there is room for 2 now`);
  expect(plan.warnings).toContainEqual({ code: 'note', subject: 'service:web', message });
  expect((await play.session((slipway) => slipway.rollback())).status).toBe('completed');
  expect(play.cluster.routes.web).toEqual({ [first]: 100 });
  expect(slots()).toEqual([0, 1]);
  expect((await everything(play)).backends[first]!.map(({ slot }) => slot)).toEqual([0, 1]);
  expect((await play.state()).get('service:web')).toMatchObject({ revisions: { [first]: { slots: [0, 1] } } });
  await expectSound(play);
});

it('so does the way back of a replacement that fails', async () => {
  const { play, config, first, slots } = await onThreeHosts({ rolling: { batch: 1, drain: '0s' } });
  lose(play);
  await play.file('web/x', '2');
  play.cluster.isIll = ({ revision }, slot) => revision !== first && slot === 1;
  expect((await play.deploy(config(2))).status).toBe('rolled_back');
  expect(play.cluster.routes.web).toEqual({ [first]: 100 });
  expect(slots()).toEqual([0, 1]);
});

it('nor does a deployment that brings back the release that runs', async () => {
  const { play, config, slots } = await onThreeHosts('blue-green');
  lose(play);
  expect((await play.deploy(config(2))).status).toBe('completed');
  expect(slots()).toEqual([0, 1]);
  expect((await play.plan()).steps).toEqual([]);
  await expectSound(play);
});

it('nor does drift --fix of what is kept', async () => {
  const { play, config, first, slots } = await onThreeHosts('blue-green');
  lose(play);
  await play.file('web/x', '2');
  await play.deploy(config(2));
  await play.session((slipway) => slipway.fixDrift());
  expect(slots()).toEqual([0, 1]);
  expect((await play.state()).get('service:web')).toMatchObject({ revisions: { [first]: { slots: [0, 1] } } });
  expect((await play.session((slipway) => slipway.drift())).items.map(({ status }) => status)).toEqual(['in-sync']);
});
