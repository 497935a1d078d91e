import { execFile } from 'node:child_process';
import { appendFile, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import type { DeployOptions, PlanOptions } from '../../src/slipway-api.ts';
import { activeRevision, type ServiceRecord } from '../../src/state/record.ts';
import { service, thing } from '../support/declare.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';

const run = promisify(execFile);

const saved = (plan: Plan): Plan => JSON.parse(JSON.stringify(plan));
const actions = (plan: Plan) => Object.fromEntries(plan.changes.map(({ address, action }) => [address, action]));
const reasons = (plan: Plan, name: string) =>
  plan.changes.find(({ address }) => address === `service:${name}`)!.reasons.map(({ path }) => path);

/** Each build of `api` is another one, as with most tools. */
const config = (production: Config = {}, api: Config = {}, more: Config = {}): Config => ({
  environments: {
    staging: { platform: 'memory', variables: { WHERE: 'staging' } },
    production: {
      platform: 'other',
      variables: { WHERE: 'production' },
      services: { api: { port: 5000 }, web: { port: 5001 } },
      ...production,
    },
    qa: { platform: 'memory' },
  },
  services: {
    api: service('api', 4000, { build: 'date +%s%N > built', contract: ['api.json'], ...api }),
    web: service('web', 4001, { dependsOn: ['api'] }),
  },
  ...more,
});

async function shop(declared = config()): Promise<Playground> {
  const play = await playground();
  await play.config(declared);
  await play.file('api/api.json', '{}');
  await play.file('api/x', '1');
  await play.file('web/x', '1');
  return play;
}

const on =
  (environment: string) =>
  (play: Playground, options: DeployOptions = {}) =>
    play.session((slipway) => slipway.deploy(options), environment);
const toStaging = on('staging');
const toProduction = on('production');
const planProduction = (play: Playground, options: PlanOptions = {}) =>
  play.session((slipway) => slipway.plan(options), 'production');

/** Deployed to staging under this label. */
async function staged(ship = 'v1', declared = config()): Promise<Playground> {
  const play = await shop(declared);
  expect((await toStaging(play, { ship })).status).toBe('completed');
  return play;
}

async function activeIn(play: Playground, environment: string, name: string) {
  const state = await play.session((slipway) => slipway.state(), environment);
  return activeRevision(state.get(`service:${name}`) as ServiceRecord)!;
}

const promote: DeployOptions = { from: 'staging' };

describe('a promotion', () => {
  it('runs the very release that runs there, with the configuration of here, and builds nothing', async () => {
    const play = await staged();
    const there = await activeIn(play, 'staging', 'api');
    await play.file('api/x', 'something else');
    const plan = await planProduction(play, promote);
    expect(plan).toMatchObject({
      ship: 'v1',
      from: { environment: 'staging', versions: { api: 'v1', web: 'v1' }, deployment: expect.any(String) },
    });
    expect(plan.steps.map(({ action }) => action)).not.toContain('build');
    expect(plan.changes[0]!.reasons).toEqual([{ path: 'version', before: null, after: 'v1', replaces: false }]);
    const report = await toProduction(play, promote);
    expect(report).toMatchObject({ status: 'completed', ship: 'v1', from: { environment: 'staging' } });
    const here = await activeIn(play, 'production', 'api');
    expect(here.release).toMatchObject({ version: 'v1', artifact: there.release.artifact });
    expect(here.release.parts).toMatchObject({ source: there.release.parts.source, build: there.release.parts.build });
    expect(here.spec).toMatchObject({ port: 5000, env: { WHERE: 'production' } });
    const running = [...play.elsewhere.revisions.values()].find((one) => one.service === 'api')!;
    expect(running).toMatchObject({ artifact: { digest: there.release.artifact }, env: { WHERE: 'production' } });
    expect(await readFile(join(running.artifact.directory, 'api/x'), 'utf8')).toBe('1');
  });

  it('changes nothing when it is promoted again, nor when the same is deployed from source', async () => {
    const play = await staged();
    await toProduction(play, promote);
    const again = await toProduction(play, promote);
    expect(again).toMatchObject({ id: '', ship: 'v1', from: { environment: 'staging' }, counts: { none: 2 } });
    expect((await planProduction(play)).steps).toEqual([]);
  });

  it('leaves what was not released there as it is, each service with the label of its own', async () => {
    const play = await staged();
    await toProduction(play, promote);
    await play.file('web/x', '2');
    await toStaging(play, { ship: 'v2' });
    const plan = await planProduction(play, promote);
    expect(plan).toMatchObject({ ship: 'v2', from: { versions: { api: 'v1', web: 'v2' } } });
    expect(actions(plan)).toEqual({ 'service:api': 'none', 'service:web': 'update' });
    expect(reasons(plan, 'web')).toEqual(['version', 'source']);
    await toProduction(play, promote);
    const labels = async () =>
      await Promise.all(['api', 'web'].map(async (name) => (await activeIn(play, 'production', name)).release.version));
    expect(await labels()).toEqual(['v1', 'v2']);
    await play.session((slipway) => slipway.destroy(), 'production');
    await toProduction(play, promote);
    expect(await labels()).toEqual(['v1', 'v2']);
  });

  it('tells dependents of a contract as it was released, not as it lies here', async () => {
    const play = await staged();
    await toProduction(play, promote);
    await play.file('api/api.json', '{"new":1}');
    expect((await planProduction(play, promote)).steps).toEqual([]);
    await toStaging(play, { ship: 'v2' });
    await play.file('api/api.json', '{"newer":1}');
    const plan = await planProduction(play, promote);
    expect(reasons(plan, 'web')).toEqual(['version', 'contract:api']);
    await toProduction(play, promote);
    expect((await planProduction(play, promote)).steps).toEqual([]);
  });

  it('takes the build that passed, not an equal one', async () => {
    const play = await staged();
    await toProduction(play, promote);
    await rm(join(play.directory, '.slipway/artifacts'), { recursive: true });
    play.cluster.revisions.clear();
    await toStaging(play, { ship: 'v1' });
    const plan = await planProduction(play, promote);
    expect(actions(plan)).toEqual({ 'service:api': 'update', 'service:web': 'none' });
    expect(reasons(plan, 'api')).toEqual(['artifact']);
    await toProduction(play, promote);
    const [there, here] = [await activeIn(play, 'staging', 'api'), await activeIn(play, 'production', 'api')];
    expect(here.release.artifact).toBe(there.release.artifact);
    expect((await planProduction(play, promote)).steps).toEqual([]);
  });

  it('takes the build that passed also where only the run can tell that the release is equal', async () => {
    const resources = { a: thing(1, { kind: 'x' }) };
    const declared = (value: number) =>
      config({}, { env: { A: '${resource:a.id}' } }, { resources: { a: { ...resources.a, value } } });
    const play = await staged('v1', declared(1));
    await toProduction(play, promote);
    await rm(join(play.directory, '.slipway/artifacts'), { recursive: true });
    play.cluster.revisions.clear();
    await toStaging(play, { ship: 'v1' });
    await play.config(declared(2));
    expect((await toProduction(play, promote)).status).toBe('completed');
    const [there, here] = [await activeIn(play, 'staging', 'api'), await activeIn(play, 'production', 'api')];
    expect(here.release.artifact).toBe(there.release.artifact);
  });

  it('runs migrations and tests in what was released, with the commands of here', async () => {
    const note = (what: string) => `echo ${what} $(cat x) $WHERE >> ${'$OUT'}`;
    const commands = { migrations: { up: note('up'), forwardOnly: true }, tests: { smoke: note('smoke') } };
    const play = await shop();
    const out = join(play.directory, 'out');
    const env = { OUT: out };
    await play.config(config({}, { env }));
    await toStaging(play, { ship: 'v1' });
    await play.file('api/x', '2');
    await play.config(config({}, { env, ...commands }));
    await toProduction(play, promote);
    expect(await readFile(out, 'utf8')).toBe('up 1 production\nsmoke 1 production\n');
  });

  it('is found in its artifact although the service moved since', async () => {
    const play = await staged();
    await rename(join(play.directory, 'api'), join(play.directory, 'moved'));
    await play.config(config({}, { path: 'moved', build: 'false' }));
    await toProduction(play, promote);
    expect((await activeIn(play, 'production', 'api')).spec).toMatchObject({
      path: 'api',
      build: 'date +%s%N > built',
    });
  });

  it('is taken back to the release before, and can be saved', async () => {
    const play = await staged();
    await toProduction(play, promote);
    const before = await activeIn(play, 'production', 'api');
    await play.file('api/x', '2');
    await toStaging(play, { ship: 'v2' });
    const plan = await planProduction(play, promote);
    await play.file('api/x', '3');
    await toStaging(play, { ship: 'v3' });
    expect((await toProduction(play, { plan: saved(plan) })).status).toBe('completed');
    expect((await activeIn(play, 'production', 'api')).release.version).toBe('v2');
    await play.session((slipway) => slipway.rollback(), 'production');
    expect(await activeIn(play, 'production', 'api')).toEqual(before);
  });

  it('of a selection leaves the rest alone, and asks nothing of it', async () => {
    const play = await shop();
    await toStaging(play, { ship: 'v1', only: ['api'] });
    const plan = await planProduction(play, { ...promote, only: ['api'] });
    expect(actions(plan)).toEqual({ 'service:api': 'create' });
    expect(plan.from!.versions).toEqual({ api: 'v1' });
  });
});

describe('a promotion is refused', () => {
  const refused = (play: Playground, code = 'promotion-refused', options: PlanOptions = promote) =>
    refusal(planProduction(play, options), code);

  it('from an environment that is not there, is this one, or never had a deployment', async () => {
    const play = await shop();
    const unknown = await refused(play, 'environment-unknown', { from: 'stagin' });
    expect(unknown.hint).toContain('staging');
    await refused(play, 'usage', { from: 'production' });
    const never = await refused(play);
    expect(never.message).toBe('Nothing was ever deployed to staging, so there is nothing to take from there.');
    expect(never.hint).toContain('slipway deploy -e staging');
  });

  it('together with what says something about source', async () => {
    const play = await staged();
    for (const options of [{ ship: 'v2' }, { changedSince: 'HEAD' }]) {
      const code = 'changedSince' in options ? 'revision-unknown' : 'usage';
      await refused(play, code, { ...promote, ...options });
    }
    await play.git('init', '-q');
    await play.git('add', '.');
    await play.git('commit', '-qm', 'one');
    const { message } = await refused(play, 'usage', { ...promote, changedSince: 'HEAD' });
    expect(message).toContain('--changed-since');
  });

  it('while the newest deployment there failed, saying what runs', async () => {
    const play = await staged();
    await play.file('api/x', '2');
    await play.file('web/x', '2');
    play.cluster.isIll = ({ service: name, since }) => name === 'web' && since > 8;
    const failed = await toStaging(play, { ship: 'v2', onFailure: 'stop' });
    expect(failed.status).toBe('failed');
    const { message, hint } = await refused(play);
    expect(message).toBe(
      `The newest deployment to staging, ${failed.id} (deploy v2), ended as failed. There runs: api (version v2), web (version v1).`,
    );
    expect(hint).toContain('slipway rollback -e staging');
    // What a person took back counts again: it had passed.
    play.cluster.isIll = () => false;
    await play.session((slipway) => slipway.rollback(), 'staging');
    expect(await planProduction(play, promote)).toMatchObject({
      ship: 'v1',
      from: { versions: { api: 'v1', web: 'v1' } },
    });
  });

  it('when the newest deployment there was rolled back', async () => {
    const play = await staged();
    await play.file('web/x', '2');
    play.cluster.isIll = ({ service: name, since }) => name === 'web' && since > 8;
    const failed = await toStaging(play, { ship: 'v2', onFailure: 'rollback' });
    expect(failed.status).toBe('rolled_back');
    const { message } = await refused(play);
    expect(message).toBe(
      `The newest deployment to staging, ${failed.id}, was rolled back. There runs: api (version v1), web (version v1).`,
    );
    play.cluster.isIll = () => false;
    await toStaging(play, { ship: 'v3' });
    expect((await planProduction(play, promote)).ship).toBe('v3');
  });

  it('while the deployment there goes on', async () => {
    const play = await staged();
    await play.file('web/x', '2');
    const stop = new AbortController();
    play.fault = ({ call }) => {
      if (call === 'stage') stop.abort();
      return undefined;
    };
    await toStaging(play, { ship: 'v2', kill: stop.signal });
    const { message, hint } = await refused(play);
    expect(message).toMatch(/^The deployment \S+ \(v2\) in staging has not ended: it is in progress\. There runs: api/);
    expect(hint).toContain('slipway resume -e staging');
  });

  it('of what a failed deployment left, until one that includes it completes', async () => {
    const play = await staged();
    await play.file('api/x', '2');
    await play.file('web/x', '2');
    play.cluster.isIll = ({ service: name, since }) => name === 'web' && since > 8;
    await toStaging(play, { ship: 'v2', onFailure: 'stop' });
    play.cluster.isIll = () => false;
    await toStaging(play, { ship: 'v3', only: ['web'] });
    const { message, hint } = await refused(play);
    expect(message).toBe(
      'No deployment to staging that included service:api completed with what runs there (version v2).',
    );
    expect(hint).toContain('--only web');
    expect((await planProduction(play, { ...promote, only: ['web'] })).ship).toBe('v3');
    await play.file('web/x', '3');
    await toStaging(play, { ship: 'v4' });
    expect(await planProduction(play, promote)).toMatchObject({ from: { versions: { api: 'v2', web: 'v4' } } });
  });

  it('of a service that does not run there, with the way to leave it out', async () => {
    const play = await shop();
    await toStaging(play, { ship: 'v1', only: ['api'] });
    const { message, hint, subject } = await refused(play);
    expect({ message, subject }).toEqual({ message: 'staging runs no service:web.', subject: 'service:web' });
    expect(hint).toContain('--only api');
    await play.session((slipway) => slipway.destroy(), 'staging');
    expect((await refused(play)).message).toBe('staging runs no service:api, service:web.');
  });

  it('of an artifact that is gone or altered, unless it runs here already', async () => {
    const play = await staged();
    const { artifact } = (await activeIn(play, 'staging', 'api')).release;
    const folder = join(play.directory, '.slipway/artifacts', artifact);
    await appendFile(join(folder, 'api/x'), 'altered');
    await refused(play, 'artifact-altered');
    const altered = await refused(play, 'artifact-altered', { ...promote, only: ['api'] });
    expect(altered).toMatchObject({ subject: 'service:api', hint: expect.stringContaining('staging') });
    await run('sh', ['-c', `printf 1 > ${join(folder, 'api/x')}`]);
    await toProduction(play, promote);
    await rm(folder, { recursive: true });
    // What depends on it hangs on its contract, which nothing can tell now.
    await refused(play, 'artifact-missing');
    expect((await planProduction(play, { ...promote, only: ['api'] })).steps).toEqual([]);
    await play.session((slipway) => slipway.destroy(), 'production');
    const missing = await refused(play, 'artifact-missing');
    expect(missing.hint).toContain('bring out a new version in staging');
  });
});

describe('an environment with promoteFrom', () => {
  const guarded = () => config({ promoteFrom: 'staging' });

  it('takes what runs there without being told to, and nothing else', async () => {
    const play = await staged('v1', guarded());
    await play.file('api/x', 'not tried anywhere');
    const plan = await planProduction(play);
    expect(plan).toMatchObject({ ship: 'v1', from: { environment: 'staging' } });
    expect(plan.steps.map(({ action }) => action)).not.toContain('build');
    expect((await planProduction(play, promote)).digest).toBe(plan.digest);
    for (const options of [{ ship: 'v9' }, { from: 'qa' }]) {
      const { message, hint } = await refusal(planProduction(play, options), 'promotion-refused');
      expect(message).toContain('production takes only releases that passed in staging');
      expect(hint).toContain('environments.production.promoteFrom');
    }
  });

  it('refuses a saved plan of something else', async () => {
    const play = await staged();
    const fromSource = await planProduction(play);
    const promoted = await planProduction(play, promote);
    await play.config(guarded());
    await refusal(toProduction(play, { plan: saved(fromSource) }), 'promotion-refused');
    expect(play.elsewhere.calls.filter(({ call }) => call === 'stage')).toEqual([]);
    expect((await toProduction(play, { plan: saved(promoted) })).status).toBe('completed');
  });

  it('asks nothing there for resources alone, and lets everything be destroyed', async () => {
    const play = await shop({ ...guarded(), resources: { a: thing(1) } });
    await refusal(planProduction(play), 'promotion-refused');
    const report = await toProduction(play, { only: ['a'], ship: 'v1' });
    expect(report).toMatchObject({ status: 'completed', ship: 'v1' });
    expect(report.from).toBeUndefined();
    expect((await play.session((slipway) => slipway.destroy(), 'production')).status).toBe('completed');
  });
});
