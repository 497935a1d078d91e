import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outageReasons, servingRevisions } from '../../src/plan/outage.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { RunningRevision } from '../../src/provider/contract.ts';
import type { ServiceRecord } from '../../src/state/record.ts';
import { service, thing } from '../support/declare.ts';
import { viewOf } from '../support/outside-view.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';

const changed = (plan: Plan) =>
  plan.changes.filter(({ action }) => action !== 'none').map(({ address, action }) => `${action} ${address}`);
const ids = (plan: Plan) => plan.steps.map(({ id }) => id.replace(/-[0-9a-f]{10}/, ''));
const reasons = (plan: Plan, address: string) => plan.changes.find((one) => one.address === address)!.reasons;

const saved = (plan: Plan): Plan => JSON.parse(JSON.stringify(plan));

/** What ran on the platform of this service is gone; its route stays. */
function kill(play: Playground, name: string): void {
  for (const [key, revision] of play.cluster.revisions) {
    if (revision.service === name) play.cluster.revisions.delete(key);
  }
}

const config = (web: Config = {}, api: Config = {}): Config => ({
  services: { api: service('api', 4000, api), web: service('web', 4001, { dependsOn: ['api'], ...web }) },
});

async function shop(declared = config()): Promise<Playground> {
  const play = await playground();
  await play.file('api/x', '1');
  await play.file('web/x', '1');
  expect((await play.deploy(declared)).status).toBe('completed');
  play.forgetCalls();
  return play;
}

describe('a service that is recorded and does not run', () => {
  it('is brought back by a deployment of the same, and its dependents are left alone', async () => {
    const play = await shop();
    const before = await viewOf(play);
    kill(play, 'api');
    const plan = await play.plan();
    expect(changed(plan)).toEqual(['update service:api']);
    expect(reasons(plan, 'service:api')).toEqual([
      { path: 'running', before: 'not running', after: '1 instance', replaces: false },
    ]);
    expect(ids(plan)).toEqual(['stage-api', 'probe', 'switch', 'verify'].map((step) => `service:api/${step}`));
    play.forgetCalls();
    const report = await play.deploy();
    expect(report).toMatchObject({ status: 'completed', counts: { update: 1, none: 1 } });
    expect(play.effects()).toEqual(['stage api', 'setWeights api']);
    expect(await viewOf(play)).toEqual(before);
    expect((await play.plan()).steps).toEqual([]);
  });

  it('is looked for in one call, and not at all while nothing is recorded', async () => {
    const play = await playground();
    await play.file('api/x', '1');
    await play.file('web/x', '1');
    const looks = () => play.cluster.calls.filter(({ call }) => call !== 'checkPort').map(({ call }) => call);
    await play.plan(config());
    expect(looks()).toEqual([]);
    await play.deploy();
    play.forgetCalls();
    expect((await play.plan()).steps).toEqual([]);
    expect(play.cluster.calls.map(({ call }) => call)).toEqual(['list']);
    await play.session((slipway) => slipway.planDestroy());
    expect(play.cluster.calls).toHaveLength(1);
  });

  it('comes back before those who depend on it are changed', async () => {
    const play = await shop();
    kill(play, 'api');
    await play.file('web/x', '2');
    const plan = await play.plan();
    expect(changed(plan)).toEqual(['update service:api', 'update service:web']);
    const needed = (id: string): string[] => {
      const step = plan.steps.find((one) => one.id === id)!;
      return [id, ...step.needs.flatMap(needed)];
    };
    expect(needed('service:web/stage')).toContain('service:api/verify');
    expect((await play.deploy()).status).toBe('completed');
  });

  it('gets its recorded weight again', async () => {
    const play = await shop();
    const [id] = Object.keys(play.cluster.routes.web!);
    await play.cluster.route({ ...play.cluster.distribution('web')!, weights: {} });
    const plan = await play.plan();
    expect(reasons(plan, 'service:web')).toEqual([{ path: `weights.${id}`, before: 0, after: 100, replaces: false }]);
    await play.deploy();
    expect(play.cluster.routes.web).toEqual({ [id!]: 100 });
  });

  it('follows what else is declared, and loses what a broken run left', async () => {
    const play = await shop();
    await play.file('web/x', '2');
    play.cluster.isIll = ({ service: name }) => name === 'web';
    expect((await play.deploy(undefined, { onFailure: 'stop' })).status).toBe('failed');
    play.cluster.isIll = () => false;
    await play.file('web/x', '1');
    kill(play, 'web');
    const report = await play.deploy(config({ tags: { team: 'x' } }));
    expect(report.status).toBe('completed');
    const web = (await play.state()).get('service:web') as ServiceRecord;
    expect(web.tags).toEqual({ team: 'x' });
    expect(Object.values(web.revisions).map(({ role }) => role)).toEqual(['active']);
    expect([...play.cluster.revisions.values()].filter(({ service: name }) => name === 'web')).toHaveLength(1);
    expect((await play.plan()).steps).toEqual([]);
  });

  it('is built again when its artifact is not there any more', async () => {
    const play = await shop();
    await rm(join(play.directory, '.slipway/artifacts'), { recursive: true });
    kill(play, 'web');
    expect(ids(await play.plan())[0]).toBe('service:web/build');
    expect((await play.deploy()).status).toBe('completed');
    expect((await play.plan()).steps).toEqual([]);
  });

  it('that only stands by is no outage', async () => {
    const play = await shop();
    const [old] = [...play.cluster.revisions].filter(([, { service: name }]) => name === 'web');
    await play.file('web/x', '2');
    await play.deploy();
    play.cluster.revisions.delete(old![0]);
    expect((await play.plan()).steps).toEqual([]);
  });
});

describe('a platform that can not be asked', () => {
  it('is named in a warning, and the rest is planned', async () => {
    const play = await shop({ ...config(), resources: { a: thing(1) } });
    kill(play, 'api');
    play.fault = ({ call }, when) => (call === 'list' && when === 'before' ? new Error('no way there') : undefined);
    const plan = await play.plan({ ...config(), resources: { a: thing(2) } });
    expect(changed(plan)).toEqual(['update resource:a']);
    expect(plan.warnings).toEqual([
      expect.objectContaining({
        code: 'not-looked-at',
        subject: 'memory',
        message: expect.stringMatching(/no way there.*service:api, service:web/),
      }),
    ]);
    const { items } = await play.session((slipway) => slipway.drift());
    expect(items.map(({ status, look }) => [status, look])).toEqual([
      ['in-sync', undefined],
      ['cannot-tell', 'no way there'],
      ['cannot-tell', 'no way there'],
    ]);
  });
});

describe('a router that is not the platform’s own', () => {
  const elsewhere = { dev: { platform: 'memory', router: { use: 'memory' } } };
  const behind = { environments: elsewhere, ...config() };

  async function shopBehind(declared: Config = behind): Promise<Playground> {
    const play = await playground({ memory: { router: false } });
    await play.file('api/x', '1');
    await play.file('web/x', '1');
    expect((await play.deploy(declared)).status).toBe('completed');
    play.forgetCalls();
    return play;
  }

  it('is asked once for each service that runs, and nothing is planned while all is well', async () => {
    const play = await shopBehind();
    expect((await play.plan()).steps).toEqual([]);
    const calls = play.cluster.calls.map(({ call, service: name }) => `${call} ${name}`);
    expect(calls).toEqual(['list ', 'weights api', 'weights web']);
  });

  it('is told again what it forgot', async () => {
    const play = await shopBehind();
    const [id] = Object.keys(play.cluster.routes.web!);
    await play.cluster.unroute('web');
    const plan = await play.plan();
    expect(changed(plan)).toEqual(['update service:web']);
    expect(reasons(plan, 'service:web')).toEqual([{ path: `weights.${id}`, before: 0, after: 100, replaces: false }]);
    expect((await play.deploy()).status).toBe('completed');
    expect(play.cluster.routes.web).toEqual({ [id!]: 100 });
    expect((await play.plan()).steps).toEqual([]);
  });

  it('is a warning where it can not be asked, and is taken to do as recorded', async () => {
    const play = await shopBehind();
    play.fault = ({ call }, when) => (call === 'weights' && when === 'before' ? new Error('no way there') : undefined);
    const plan = await play.plan();
    expect(plan.steps).toEqual([]);
    expect(plan.warnings).toEqual([
      {
        code: 'not-looked-at',
        subject: 'memory',
        message: expect.stringMatching(/distributes traffic \(no way there\).*: service:api, service:web\.$/),
      },
    ]);
  });

  it('may have the split of a rollout that stopped on its way, which is no outage', async () => {
    const play = await shopBehind();
    const canary = { strategy: { canary: { steps: [{ weight: 10, hold: '10ms' }] } } };
    await play.file('web/x', '2');
    const isLast = ({ call, number }: { call: string; number: number }) => call === 'setWeights' && number > 2;
    play.fault = (call, when) => (isLast(call) && when === 'before' ? new Error('no way there') : undefined);
    const report = await play.deploy({ environments: elsewhere, ...config(canary) }, { onFailure: 'stop' });
    expect(report.status).toBe('failed');
    play.fault = () => undefined;
    expect(Object.values(play.cluster.routes.web!).sort((a, b) => a - b)).toEqual([10, 90]);
    await play.file('web/x', '1');
    const paths = reasons(await play.plan(), 'service:web').map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith('weights'))).toEqual([]);
  });
});

describe('a deployment that brings back', () => {
  it('and fails takes nothing down on its way back', async () => {
    const play = await shop();
    kill(play, 'api');
    kill(play, 'web');
    const ill = { environments: { dev: { platform: 'memory', onFailure: 'rollback' } }, ...config() };
    play.cluster.isIll = ({ service: name }) => name === 'web';
    play.forgetCalls();
    const report = await play.deploy(ill);
    expect(report).toMatchObject({ status: 'rolled_back', error: { code: 'unhealthy' } });
    expect(play.effects().filter((effect) => !/^(stage|setWeights) /.test(effect))).toEqual([]);
    expect([...play.cluster.revisions.values()].map(({ service: name }) => name)).toEqual(['api', 'web']);
    play.cluster.isIll = () => false;
    expect((await play.plan()).steps).toEqual([]);
  });

  it('is undone without harm, beside changes that are taken back', async () => {
    const play = await shop();
    const before = await viewOf(play);
    kill(play, 'api');
    await play.file('web/x', '2');
    play.cluster.isIll = ({ service: name, since }) => name === 'web' && since > 0;
    const { revisions } = play.cluster;
    const old = [...revisions.values()].find(({ service: name }) => name === 'web')!;
    old.since = 0;
    play.forgetCalls();
    const report = await play.deploy({
      environments: { dev: { platform: 'memory', onFailure: 'rollback' } },
      ...config(),
    });
    expect(report.status).toBe('rolled_back');
    expect(play.effects()).not.toContain('retire api');
    expect(await viewOf(play)).toEqual(before);
  });

  it('can be saved as a plan, and is harmless when all is back by then', async () => {
    const play = await shop();
    const before = await viewOf(play);
    kill(play, 'web');
    const plan = await play.plan();
    expect((await play.plan()).digest).toBe(plan.digest);
    expect((await play.deploy()).status).toBe('completed');
    const again = await play.plan();
    expect(again.digest).not.toBe(plan.digest);
    kill(play, 'web');
    expect((await play.deploy(undefined, { plan: saved(again) })).steps).toEqual([]);
    const fresh = await play.plan();
    expect((await play.deploy(undefined, { plan: saved(fresh) })).status).toBe('completed');
    expect(await viewOf(play)).toEqual(before);
  });

  it('is not what a rollback goes back to', async () => {
    const play = await shop();
    const first = await viewOf(play);
    await play.file('web/x', '2');
    await play.deploy();
    kill(play, 'web');
    expect((await play.deploy()).status).toBe('completed');
    kill(play, 'api');
    expect((await play.session((slipway) => slipway.fixDrift())).status).toBe('completed');
    expect((await play.session((slipway) => slipway.rollback())).status).toBe('completed');
    expect(await viewOf(play)).toEqual(first);
  });
});

describe('what serves users', () => {
  const revision = (id: string, role: string) => ({ [id]: { id, role } });
  const record = {
    revisions: { ...revision('a', 'active'), ...revision('b', 'standby'), ...revision('c', 'standby') },
    weights: { a: 90, b: 10 },
  } as unknown as ServiceRecord;
  const found = (id: string, more: Partial<RunningRevision> = {}): RunningRevision => ({
    service: 'web',
    revision: id,
    state: 'running',
    instances: 1,
    preview: '',
    restarts: 0,
    startedAt: null,
    ...more,
  });

  it('is the active revision and whatever has weight', () => {
    expect(servingRevisions(record).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(outageReasons(record, [found('a'), found('b')])).toEqual([]);
    expect(outageReasons(record, [found('a', { weight: 90 }), found('b', { weight: 10 })])).toEqual([]);
  });

  it.each([
    ['rounded shares', [89.53, 10.47], []],
    ['another split', [80, 20], ['weights.a', 'weights.b']],
    ['no share of what one has', [100, 0], ['weights.a', 'weights.b']],
  ] as const)('may have %s', (_, [a, b], paths) => {
    const reasonsOf = outageReasons(record, [found('a', { weight: a }), found('b', { weight: b })]);
    expect(reasonsOf.map(({ path }) => path)).toEqual(paths);
  });

  it('has lost its weight where it had hardly any', () => {
    const hardly = { ...record, weights: { a: 99.5, b: 0.5 } };
    const reasonsOf = outageReasons(hardly, [found('a', { weight: 100 }), found('b', { weight: 0 })]);
    expect(reasonsOf.map(({ path }) => path)).toEqual(['weights.b']);
  });

  it.each([
    ['restarting', 'restarting'],
    ['starting', 'starting'],
    ['stopped', 'not running'],
  ] as const)('does not run while it is %s', (state, before) => {
    expect(outageReasons(record, [found('a', { state }), found('b', { weight: 0 })])).toEqual([
      { path: 'running', before, after: '1 instance', replaces: false },
      { path: 'weights.b', before: 0, after: 10, replaces: false },
    ]);
    expect(outageReasons(record, [found('a')])).toMatchObject([{ path: 'running.b', before: 'not running' }]);
  });
});
