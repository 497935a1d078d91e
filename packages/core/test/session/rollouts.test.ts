import { describe, expect, it } from 'vitest';
import { service } from '../support/declare.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';
import { begun, everything } from '../support/rolling-out.ts';

// Rollouts that wait, for time or for people, and everything that people do to them meanwhile.

const errors = { name: 'errors', source: 'router', query: 'errorRate', failAbove: 0.05, passBelow: 0.01 };

const health = { http: '/', interval: '5ms', timeout: '2s', healthyAfter: 2, deadline: '500ms' };

/** A service of four instances that runs, and a next version whose rollout goes these steps. */
async function shop(canary: Config, environment: Config = {}) {
  const play = await playground();
  await play.file('web/x', '1');
  const config: Config = {
    environments: { dev: { platform: 'memory', onFailure: 'rollback', ...environment } },
    services: { web: service('web', 4000, { instances: 4, health, strategy: { canary } }) },
  };
  await play.deploy(config);
  const before = await everything(play);
  const [old] = Object.keys(play.cluster.routes.web!);
  await play.file('web/x', '2');
  play.forgetCalls();
  return { play, before, old: old! };
}

const PAUSED = {
  steps: [
    { weight: 20, pause: true },
    { weight: 50, hold: '10m' },
  ],
};
const HELD = {
  steps: [
    { weight: 20, hold: '10m', header: { name: 'x-canary', value: 'yes' } },
    { weight: 50, pause: true },
  ],
};

async function stepNamed(play: Playground, action: string): Promise<string> {
  const plan = await play.plan();
  return plan.steps.find((step) => step.action === action)!.id.split('/')[1]!;
}

describe('a rollout that waits for a person', () => {
  it('ends as waiting where nobody is there, and one word takes it on, in whatever process', async () => {
    const { play, old } = await shop(PAUSED);
    const report = await play.deploy(undefined, { waitForPerson: false });
    expect(report).toMatchObject({ status: 'waiting', waiting: expect.stringContaining('service:web/') });
    expect(report.steps.find(({ action }) => action === 'pause')).toMatchObject({ status: 'waiting' });
    expect(play.cluster.routes.web![old]).toBe(80);
    // Taken up without a word it waits on: the pause survived.
    expect((await play.session((slipway) => slipway.resume({ waitForPerson: false }))).status).toBe('waiting');
    const left = await play.session((slipway) => slipway.control('promote', undefined, 'looks good'));
    expect(left).toMatchObject({ running: false, left: true });
    const end = await play.session((slipway) => slipway.resume());
    expect(end).toMatchObject({ id: report.id, status: 'completed' });
    expect(end.steps.find(({ action }) => action === 'pause')!.wish).toMatchObject({
      what: 'promote',
      reason: 'looks good',
    });
  });

  it('goes back at once when it is aborted while no process runs it', async () => {
    const { play, before } = await shop(PAUSED);
    const { id } = await play.deploy(undefined, { waitForPerson: false });
    expect(await play.session((slipway) => slipway.control('abort'))).toMatchObject({ left: true });
    const report = await play.session((slipway) => slipway.resume());
    expect(report).toMatchObject({ id, status: 'rolled_back', error: { code: 'aborted' } });
    expect(await everything(play)).toEqual(before);
  });

  it('does not stand in the way of a rollback', async () => {
    const { play, before, old } = await shop(PAUSED);
    await play.deploy(undefined, { waitForPerson: false });
    const { changes } = await play.session((slipway) => slipway.planRollback());
    expect(changes[0]!.reasons).toEqual([
      { path: 'weights', before: play.cluster.routes.web, after: { [old]: 100 }, replaces: false },
      { path: 'revisions', before: expect.arrayContaining([old]), after: [old], replaces: false },
    ]);
    const report = await play.session((slipway) => slipway.rollback());
    expect(report.status).toBe('completed');
    expect(await everything(play)).toEqual(before);
  });

  it('has a deadline that holds, and goes back then', async () => {
    const { play, before } = await shop(PAUSED);
    const report = await play.deploy(undefined, { timeoutMs: 1_500 });
    expect(report).toMatchObject({ status: 'rolled_back', error: { code: 'deployment-timeout' } });
    expect(await everything(play)).toEqual(before);
  });
});

describe('a rollout that holds', () => {
  it('is promoted past all that is still to come, and what was said is in the journal once', async () => {
    const { play, old } = await shop(HELD);
    const { done, journal } = await begun(play, await stepNamed(play, 'hold'));
    await play.session((slipway) => slipway.control('promote'));
    expect((await done).status).toBe('completed');
    expect(play.cluster.routes.web).not.toHaveProperty(old);
    expect(play.cluster.distribution('web')!.routes).toEqual([]);
    expect(journal.filter(({ type }) => type === 'deployment.asked')).toHaveLength(1);
  });

  it('leaves neither weight nor route nor instance behind when it is aborted', async () => {
    const { play, before, old } = await shop(HELD);
    const { done } = await begun(play, await stepNamed(play, 'hold'));
    expect(play.cluster.routes.web![old]).toBe(80);
    await play.session((slipway) => slipway.control('abort'));
    expect((await done).status).toBe('rolled_back');
    expect(await everything(play)).toEqual(before);
    // What serves at full capacity is not started again: one probe, then the switch.
    const way = play.cluster.calls.slice(play.cluster.calls.findLastIndex(({ call }) => call === 'setWeights') - 1);
    expect(way[0]).toMatchObject({ call: 'probe', revision: old });
  });

  it('goes on with what is left of the time after a kill', async () => {
    const { play } = await shop({ steps: [{ weight: 20, hold: '2s' }] });
    const kill = new AbortController();
    const { done } = await begun(play, await stepNamed(play, 'hold'), { kill: kill.signal });
    const since = Date.now();
    kill.abort();
    await done;
    const report = await play.session((slipway) => slipway.resume());
    expect(report.status).toBe('completed');
    const hold = report.steps.find(({ action }) => action === 'hold')!;
    expect(Date.parse(hold.startedAt!)).toBeLessThanOrEqual(since);
    expect(hold.attempts).toBe(2);
  });
});

describe.each([
  ['a hold', 'hold', HELD],
  ['a pause', 'pause', PAUSED],
  ['an analysis', 'analyse', { steps: [{ weight: 20, hold: '10m' }], analysis: { metrics: [errors], interval: '1s' } }],
])('a rollout that is in %s', (_, action, canary) => {
  it('can be cancelled, and goes on afterwards where it was', async () => {
    const { play, old } = await shop(canary);
    const { done } = await begun(play, await stepNamed(play, action));
    await play.session((slipway) => slipway.control('cancel'));
    expect((await done).status).toBe('cancelled');
    expect(play.cluster.routes.web![old]).toBe(80);
    await play.session((slipway) => slipway.control('promote'));
    expect((await play.session((slipway) => slipway.resume())).status).toBe('completed');
  });

  it('hears an abort, and is promoted by a word from elsewhere', async () => {
    const { play, before, old } = await shop(canary);
    const aborted = await begun(play, await stepNamed(play, action));
    await play.session((slipway) => slipway.control('abort'));
    expect((await aborted.done).status).toBe('rolled_back');
    expect(await everything(play)).toEqual(before);
    const promoted = await begun(play, await stepNamed(play, action));
    await play.session((slipway) => slipway.control('promote'));
    expect((await promoted.done).status).toBe('completed');
    expect(play.cluster.routes.web).not.toHaveProperty(old);
  });
});

describe('a rollout whose new version fails its users', () => {
  const WATCHED = {
    steps: [{ weight: 20, hold: '10m' }],
    analysis: { metrics: [errors], interval: '1s', minimumSamples: 1 },
  };

  function failing(play: Playground, old: string): void {
    play.cluster.beforeTraffic = (name) => {
      for (const revision of Object.keys(play.cluster.routes[name] ?? {})) {
        play.cluster.traffic.add(name, revision, { requests: 100, errors: revision === old ? 0 : 20 });
      }
    };
  }

  it('is back on the old one as the first thing after the verdict, exactly', async () => {
    const { play, before, old } = await shop(WATCHED);
    failing(play, old);
    const report = await play.deploy();
    expect(report.status).toBe('rolled_back');
    const judged = report.steps.find(({ verdict }) => verdict?.verdict === 'fail')!;
    expect(judged.measurements!.length).toBeGreaterThan(0);
    expect(await everything(play)).toEqual(before);
  });

  it('goes no further, where other branches go on', async () => {
    const { play, old } = await shop(WATCHED, { onFailure: 'continue' });
    failing(play, old);
    const report = await play.deploy();
    expect(report.status).toBe('failed');
    expect(play.cluster.routes.web![old]).toBe(80);
    const statuses = new Set(report.steps.map(({ status }) => status));
    expect(statuses).not.toContain('pending');
    expect(statuses).not.toContain('running');
  });
});

describe('a promotion that fails', () => {
  const QUICK = { steps: [{ weight: 20, hold: '0s' }] };

  /** What the revision that is brought out had at most. */
  function most(play: Playground, old: string): () => number {
    let share = 0;
    play.fault = (call, when) => {
      const { [old]: _, ...others } = play.cluster.routes.web ?? {};
      if (when === 'after' && call.call === 'setWeights') share = Math.max(share, ...Object.values(others));
      return undefined;
    };
    return () => share;
  }

  it('since not all of it answers sends nobody more to it, and leads back to the old one alone', async () => {
    const { play, before, old } = await shop(QUICK);
    const share = most(play, old);
    // It needs one instance for a fifth of the users, and four for all of them.
    play.cluster.isIll = ({ revision }, slot) => revision !== old && slot > 0;
    expect(await play.deploy()).toMatchObject({ status: 'rolled_back', error: { code: 'unhealthy' } });
    expect(share()).toBe(20);
    expect(await everything(play)).toEqual(before);
  });

  it('once it has everything is taken back at once', async () => {
    const { play, before, old } = await shop(QUICK);
    const share = most(play, old);
    play.cluster.isIll = ({ revision }) => revision !== old && play.cluster.routes.web![revision] === 100;
    expect(await play.deploy()).toMatchObject({ status: 'rolled_back', error: { code: 'unhealthy' } });
    expect(share()).toBe(100);
    expect(await everything(play)).toEqual(before);
  });
});

describe('a service whose record was lost', () => {
  it('is recorded again from what its platform kept and its router does', async () => {
    const { play, before, old } = await shop(PAUSED);
    await play.file('web/x', '1');
    await play.session((slipway) => slipway.removeState('service:web'));
    await refusal(
      play.session((slipway) => slipway.import('service:web', 'nothing')),
      'not-found',
    );
    await play.session((slipway) => slipway.import('service:web', old));
    const after = (await play.state()).get('service:web');
    expect(after).toMatchObject({
      weights: { [old]: 100 },
      revisions: { [old]: { role: 'active', slots: [0, 1, 2, 3] } },
    });
    expect((await everything(play)).running).toEqual(before.running);
    expect((await play.plan()).steps).toEqual([]);
  });
});

describe('a rollback', () => {
  it('right after the promotion is one probe and one switch, without a step of the canary', async () => {
    const { play, old } = await shop({ steps: [{ weight: 20, hold: '0s' }] });
    expect((await play.deploy()).status).toBe('completed');
    const plan = await play.session((slipway) => slipway.planRollback());
    const actions = plan.steps.map(({ action }) => action);
    expect(actions).not.toContain('hold');
    expect(actions.filter((action) => action === 'switch')).toHaveLength(1);
    // All of it was kept: it answers, and nothing has to be started.
    expect(play.cluster.revisions.get(`web/${old}`)!.slots).toEqual([0, 1, 2, 3]);
    const { since } = play.cluster.revisions.get(`web/${old}`)!;
    play.forgetCalls();
    expect((await play.session((slipway) => slipway.rollback())).status).toBe('completed');
    const way = play.cluster.calls.map(({ call }) => call);
    expect(way.slice(0, way.indexOf('setWeights')).filter((call) => call === 'probe')).toHaveLength(1);
    expect(play.cluster.revisions.get(`web/${old}`)!.since).toBe(since);
    expect(play.cluster.routes.web).toEqual({ [old]: 100 });
    expect(play.cluster.revisions.get(`web/${old}`)!.slots).toEqual([0, 1, 2, 3]);
  });
});
