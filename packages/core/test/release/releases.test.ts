import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import type { ServiceRecord } from '../../src/state/record.ts';
import { service, thing } from '../support/declare.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';

const reasonsOf = (plan: Plan, name: string) =>
  plan.changes.find(({ address }) => address === `service:${name}`)!.reasons.map(({ path }) => path);
const actionsOf = (plan: Plan) => Object.fromEntries(plan.changes.map(({ address, action }) => [address, action]));
const stepsOf = (plan: Plan, name: string) =>
  plan.steps.filter(({ subject }) => subject === `service:${name}`).map(({ action }) => action);

/** Two services, the second depends on the first, in a git repository. */
async function shop(): Promise<{ play: Playground; config: ReturnType<typeof configOf> }> {
  const play = await playground();
  const config = configOf();
  await play.config(config);
  for (const file of ['backend/server.js', 'backend/api.json', 'admin/server.js', 'lib/shared.js']) {
    await play.file(file, `// ${file}\n`);
  }
  await play.git('init', '-q');
  await play.git('add', '.');
  await play.git('commit', '-qm', 'first');
  return { play, config };
}

const configOf = (backend = {}, admin = {}) => ({
  services: {
    backend: service('backend', 4000, { build: 'true', contract: ['api.json'], shared: ['lib'], ...backend }),
    admin: service('admin', 4001, { dependsOn: ['backend'], ...admin }),
  },
});

describe('what makes a release', () => {
  it('takes no step when nothing changed, and needs nothing committed', async () => {
    const { play } = await shop();
    expect((await play.deploy()).status).toBe('completed');
    const plan = await play.plan();
    expect(actionsOf(plan)).toEqual({ 'service:backend': 'none', 'service:admin': 'none' });
    expect(plan.steps).toEqual([]);
    expect(plan.ship).toMatch(/^[0-9a-f]{12}$/);
  });

  it('sees an uncommitted change, and no other one when the same content is committed', async () => {
    const { play } = await shop();
    await play.deploy();
    await play.file('backend/new.js', 'fresh\n');
    const dirty = await play.plan();
    expect(dirty.ship).toMatch(/-dirty$/);
    expect(actionsOf(dirty)).toEqual({ 'service:backend': 'update', 'service:admin': 'none' });
    expect(reasonsOf(dirty, 'backend')).toEqual(['source']);
    await play.deploy();
    await play.git('add', '.');
    expect((await play.plan()).steps).toEqual([]);
    await play.git('commit', '-qm', 'second');
    const clean = await play.plan();
    expect(clean.steps).toEqual([]);
    expect(clean.ship).not.toMatch(/-dirty$/);
  });

  it('sees modes, deletions and shared folders, and not what git ignores or what lies elsewhere', async () => {
    const { play } = await shop();
    await play.deploy();
    const dirtyIn = async () => reasonsOf(await play.plan(), 'backend');
    await play.file('.gitignore', 'node_modules\n.slipway\n');
    await play.file('backend/node_modules/x.js', 'x');
    await play.file('README.md', 'x');
    expect(await dirtyIn()).toEqual([]);
    await chmod(join(play.directory, 'backend/server.js'), 0o755);
    expect(await dirtyIn()).toEqual(['source']);
    await chmod(join(play.directory, 'backend/server.js'), 0o644);
    expect(await dirtyIn()).toEqual([]);
    await rm(join(play.directory, 'backend/server.js'));
    expect(await dirtyIn()).toEqual(['source']);
    await play.git('checkout', '--', 'backend/server.js');
    await play.file('lib/shared.js', 'other\n');
    expect(await dirtyIn()).toEqual(['source']);
  });

  it('releases dependents again for a change of the contract, and for no other change', async () => {
    const { play } = await shop();
    await play.deploy();
    await play.file('backend/server.js', 'changed\n');
    expect(actionsOf(await play.plan())).toEqual({ 'service:backend': 'update', 'service:admin': 'none' });
    await play.file('backend/api.json', 'changed\n');
    const plan = await play.plan();
    expect(reasonsOf(plan, 'admin')).toEqual(['contract:backend']);
    expect(plan.steps.find(({ id }) => id === 'service:admin/stage')!.needs).toContain('service:backend/verify');
  });

  it('builds nothing when only the configuration changed, and says which key', async () => {
    const { play } = await shop();
    await play.deploy();
    const plan = await play.plan(configOf({ env: { LEVEL: 'debug' } }));
    expect(reasonsOf(plan, 'backend')).toEqual(['env.LEVEL']);
    expect(stepsOf(plan, 'backend')).toEqual(['stage', 'probe', 'switch', 'verify', 'drain']);
    expect(actionsOf(plan)['service:admin']).toBe('none');
    // How a release is brought out is not what it is.
    expect((await play.plan(configOf({ tests: { smoke: 'true' }, strategy: 'recreate' }))).steps).toEqual([]);
  });

  it('reuses what was built of the same source, and switches back to the revision that was kept', async () => {
    const { play } = await shop();
    await play.deploy();
    const before = (await play.state()).get('service:backend') as ServiceRecord;
    const [old] = Object.values(before.revisions);
    await play.file('backend/server.js', 'second\n');
    const second = await play.deploy();
    expect(second.steps.map(({ id }) => id)).toContain('service:backend/build');
    await play.git('checkout', '--', '.');
    const back = await play.plan();
    expect(stepsOf(back, 'backend')).toEqual(['stage', 'probe', 'switch', 'verify', 'drain']);
    await play.deploy();
    const after = (await play.state()).get('service:backend') as ServiceRecord;
    expect(after.revisions[old!.id]).toMatchObject({ role: 'active', release: { artifact: old!.release.artifact } });
    expect(after.weights).toEqual({ [old!.id]: 100 });
    expect(play.cluster.routes.backend).toEqual({ [old!.id]: 100 });
    // One other is kept for an instant way back, and no more.
    await play.file('backend/server.js', 'third\n');
    await play.deploy();
    expect(Object.keys(((await play.state()).get('service:backend') as ServiceRecord).revisions)).toHaveLength(2);
    expect([...play.cluster.revisions.values()].filter((one) => one.service === 'backend')).toHaveLength(2);
  });

  it('builds again what somebody removed from the artifacts', async () => {
    const { play } = await shop();
    await play.deploy();
    await rm(join(play.directory, '.slipway/artifacts'), { recursive: true });
    expect(stepsOf(await play.plan(configOf({ env: { A: 'b' } })), 'backend')[0]).toBe('build');
    expect((await play.deploy()).status).toBe('completed');
  });

  it('builds what the plan saw or nothing', async () => {
    const { play } = await shop();
    const plan = await play.plan();
    await play.file('backend/server.js', 'changed behind its back\n');
    const report = await play.deploy(undefined, { plan });
    expect(report).toMatchObject({ status: 'failed', error: { code: 'source-moved' } });
    expect(play.cluster.revisions.size).toBe(0);
  });

  it('follows dependencies, tags and the guard of a service without touching what runs', async () => {
    const play = await playground();
    await play.file('web/index.js', 'x');
    const at = (more: Config) => ({ resources: { db: thing(1) }, services: { web: service('web', 4000, more) } });
    await play.deploy(at({ dependsOn: ['db'] }));
    const plan = await play.plan(at({ tags: { team: 'x' }, protect: true }));
    expect(reasonsOf(plan, 'web')).toEqual(['dependsOn', 'tags.team', 'protect']);
    expect(stepsOf(plan, 'web')).toEqual(['record']);
    await play.deploy();
    expect((await play.plan()).steps).toEqual([]);
    // Nothing needs the resource any more, so it may go.
    expect((await play.deploy({ services: { web: service('web', 4000, { tags: { team: 'x' } }) } })).status).toBe(
      'completed',
    );
    expect(play.world.things.size).toBe(0);
  });
});

describe('a value that only the run can know', () => {
  it('makes a new revision each time that it is a new value', async () => {
    const play = await playground();
    await play.file('web/index.js', 'x');
    const at = (kind: string) => ({
      resources: { db: thing(1, { kind }) },
      services: { web: service('web', 4000, { env: { DB: '${resource:db.id}' } }) },
    });
    for (const [kind, id] of [
      ['a', 'thing-1'],
      ['b', 'thing-2'],
      ['c', 'thing-3'],
    ] as const) {
      expect((await play.deploy(at(kind))).status).toBe('completed');
      const weighted = Object.keys(play.cluster.routes.web!);
      expect(play.cluster.revisions.get(`web/${weighted[0]}`)!.env).toEqual({ DB: id });
      expect((await play.plan()).steps).toEqual([]);
    }
  });
});
