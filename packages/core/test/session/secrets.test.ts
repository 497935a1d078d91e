import { describe, expect, it } from 'vitest';
import { SlipwayError } from '../../src/errors.ts';
import { service, thing } from '../support/declare.ts';
import { playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';

const FIRST = 'tr0ub4dor-and-three';
const SECOND = 'correct-horse-battery';

const config = {
  resources: {
    db: thing({ user: 'root', password: '${secret:DB_PASSWORD}' }),
    user: thing('url: ${resource:db.value}'),
  },
  services: {
    web: service('web', 4000, {
      env: { PASSWORD: '${secret:DB_PASSWORD}' },
      tests: { smoke: 'echo "testing with $PASSWORD"' },
    }),
  },
};

async function shop() {
  const play = await playground({ variables: { DB_PASSWORD: FIRST } });
  await play.file('web/x', 'x');
  await play.config(config);
  return play;
}

describe('a secret', () => {
  it('reaches the thing and the process in clear, and nothing that is written or shown', async () => {
    const play = await shop();
    const plan = await play.plan();
    const report = await play.deploy();
    expect(report.status).toBe('completed');
    const [db, user] = [...play.world.things.values()];
    expect(db!.properties.value).toEqual({ user: 'root', password: FIRST });
    expect(user!.properties.value).toContain(FIRST);
    expect([...play.cluster.revisions.values()][0]!.env).toEqual({ PASSWORD: FIRST });
    const state = [...(await play.state()).values()];
    const shown = JSON.stringify([plan, report, state, play.events]);
    expect(shown).toContain('${secret:DB_PASSWORD}');
    expect(shown).not.toContain(FIRST);
    // The command that printed it was heard, and is redacted in the log.
    expect(shown).toContain('testing with ${secret:DB_PASSWORD}');
    const written = await play.everythingWritten();
    expect(written).toContain('testing with ${secret:DB_PASSWORD}');
    expect(written).not.toContain(FIRST);
  });

  it('that a thing prints in another form is not kept, and never handed on as something else', async () => {
    const play = await playground({ variables: { DB_PASSWORD: FIRST } });
    const printed = thing(Buffer.from(FIRST).toString('base64'), { dependsOn: ['db'] });
    const user = thing('${resource:printed.value}');
    await play.config({ resources: { db: thing('${secret:DB_PASSWORD}'), printed, user } });
    expect(await play.deploy()).toMatchObject({ status: 'failed', error: { code: 'output-encoded-secret' } });
    expect((await play.state()).get('resource:printed')!.outputs.value).toBe('${secret:DB_PASSWORD~encoded}');
    expect(play.world.things.size).toBe(2);
  });

  it('that was rotated is an update of what uses it, and nothing else', async () => {
    const play = await shop();
    await play.deploy();
    expect((await play.plan()).steps).toEqual([]);
    play.variables = { DB_PASSWORD: SECOND };
    const plan = await play.plan();
    const db = plan.changes.find(({ address }) => address === 'resource:db')!;
    expect(db).toMatchObject({ action: 'update', reasons: [{ path: 'properties.value.password' }] });
    expect(db.reasons[0]!.after).toBe('(secret changed)');
    expect(plan.changes.find(({ address }) => address === 'service:web')!.reasons).toEqual([
      expect.objectContaining({ path: 'secrets.DB_PASSWORD', after: '(secret changed)' }),
    ]);
    expect((await play.deploy()).status).toBe('completed');
    expect([...play.world.things.values()][0]!.properties.value).toEqual({ user: 'root', password: SECOND });
    expect((await play.plan()).steps).toEqual([]);
    const shown = JSON.stringify([plan, play.events]) + (await play.everythingWritten());
    expect(shown).not.toContain(FIRST);
    expect(shown).not.toContain(SECOND);
  });

  it('that was rotated stays so on the way back, which says it before', async () => {
    const play = await shop();
    const first = await play.deploy();
    play.variables = { DB_PASSWORD: SECOND };
    await play.deploy({ ...config, resources: { ...config.resources, extra: thing(1) } });
    const plan = await play.session((slipway) => slipway.planRollback());
    expect(plan.warnings.map(({ code, message }) => [code, message])).toEqual([
      ['not-reversible', expect.stringContaining("DB_PASSWORD was rotated since; its old value isn't kept")],
      ['not-reversible', expect.stringMatching(/DB_PASSWORD was rotated since; instances of \S+ that still run have/)],
    ]);
    await play.session((slipway) => slipway.rollback());
    expect([...play.world.things.values()][0]!.properties.value).toEqual({ user: 'root', password: SECOND });
    // What is recorded is true: of the resources nothing is left to change.
    const after = await play.plan(config);
    expect(after.changes.filter(({ type, action }) => type === 'memory:thing' && action !== 'none')).toEqual([]);
    // Where the old value is in place again, it is brought back.
    play.variables = { DB_PASSWORD: FIRST };
    await play.session((slipway) => slipway.rollback({ to: first.id }));
    expect([...play.world.things.values()][0]!.properties.value).toEqual({ user: 'root', password: FIRST });
    expect((await play.plan()).steps).toEqual([]);
  });

  it('is missing before anything is touched', async () => {
    const play = await shop();
    play.variables = {};
    const error = await refusal(play.deploy(), 'secret-missing');
    expect(error.message).toContain('DB_PASSWORD');
    expect(play.world.calls).toEqual([]);
  });

  it('does not come out in what a provider says of a failure', async () => {
    const play = await shop();
    const spoken = new SlipwayError('login', `login as root:${FIRST} failed`, { hint: `not ${FIRST}?` });
    play.fault = ({ call }) => (call === 'create' ? spoken : undefined);
    const report = await play.deploy();
    expect(report.error).toMatchObject({ code: 'login', message: 'login as root:${secret:DB_PASSWORD} failed' });
    play.fault = ({ call }) => (call === 'create' || call === 'find' ? new Error(`lost ${FIRST}`) : undefined);
    await play.deploy();
    const doubt = await refusal(play.deploy(), 'in-doubt');
    expect(doubt.message).toContain('lost ${secret:DB_PASSWORD}');
    play.fault = () => undefined;
    await play.deploy();
    play.fault = ({ call }) => (call === 'read' ? new Error(`can not read ${FIRST}`) : undefined);
    const drift = await play.session((slipway) => slipway.drift());
    expect(drift.items.find(({ address }) => address === 'resource:db')!.look).toContain('${secret:');
    const shown = JSON.stringify([report, drift, doubt.message, doubt.hint, play.events]);
    expect(shown + (await play.everythingWritten())).not.toContain(FIRST);
  });
});
