import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import { service, thing } from '../support/declare.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';

const touched = (plan: Plan) => [...new Set(plan.steps.map(({ subject }) => subject))].sort();

describe('a selection', () => {
  it('by name or address touches nothing else', async () => {
    const play = await playground();
    await play.deploy({ resources: { a: thing(1), b: thing(1), gone: thing(1) } });
    const config = { resources: { a: thing(2), b: thing(2), c: thing(1) } };
    expect(touched(await play.plan(config, { only: ['a'] }))).toEqual(['resource:a']);
    expect(touched(await play.plan(config, { only: ['resource:b', 'gone'] }))).toEqual(['resource:b', 'resource:gone']);
    play.forgetCalls();
    await play.deploy(config, { only: ['a'] });
    expect(play.effects()).toEqual(['update a']);
    const error = await refusal(play.plan(config, { only: ['A'] }), 'selection-unknown');
    expect(error.hint).toContain('a, b, c');
  });

  it('by tag takes what is declared so, and what was recorded so and is gone', async () => {
    const play = await playground();
    const tags = { team: 'x' };
    await play.deploy({ resources: { a: thing(1, { tags }), b: thing(1), gone: thing(1, { tags }) } });
    const plan = await play.plan({ resources: { a: thing(2, { tags }), b: thing(2) } }, { tags });
    expect(touched(plan)).toEqual(['resource:a', 'resource:gone']);
  });

  it('refuses what needs an output that is not there, and warns of a mere order', async () => {
    const play = await playground();
    const config = {
      resources: { base: thing(1), user: thing('${resource:base.id}'), after: thing(1, { dependsOn: ['base'] }) },
    };
    const error = await refusal(play.plan(config, { only: ['user'] }), 'dependency-unmet');
    expect(error).toMatchObject({ subject: 'resource:user', hint: expect.stringContaining('user,base') });
    expect((await play.plan(config, { only: ['after'] })).warnings).toEqual([
      expect.objectContaining({ code: 'unmet-dependency', subject: 'resource:after' }),
    ]);
    // Once it is there, what is recorded of it serves.
    await play.deploy(config, { only: ['base'] });
    expect((await play.deploy(config, { only: ['user'] })).status).toBe('completed');
  });

  it('does not delete what something outside of it needs', async () => {
    const play = await playground();
    await play.deploy({ resources: { base: thing(1), user: thing('${resource:base.id}') } });
    const error = await refusal(play.plan({ resources: {} }, { only: ['base'] }), 'dependents-remain');
    expect(error.message).toContain('resource:user needs resource:base');
    await refusal(
      play.session((slipway) => slipway.destroy({ only: ['base'] })),
      'dependents-remain',
    );
  });
});

describe('what changed since a git revision', () => {
  const config: Config = {
    resources: { db: thing(1) },
    services: {
      api: service('api', 4000, { shared: ['lib'] }),
      web: service('web', 4001, { dependsOn: ['api'] }),
      docs: service('docs', 4002),
    },
  };

  async function repository(): Promise<Playground> {
    const play = await playground();
    await play.config(config);
    for (const folder of ['api', 'web', 'docs', 'lib']) await play.file(`${folder}/x`, folder);
    await play.git('init', '-q');
    await play.git('add', '.');
    await play.git('commit', '-qm', 'first');
    return play;
  }

  it('selects the services whose files changed, through shared paths, and their dependents', async () => {
    const play = await repository();
    const since = async () => touched(await play.plan(undefined, { changedSince: 'HEAD' }));
    expect(await since()).toEqual([]);
    await play.file('docs/new', 'not even added');
    expect(await since()).toEqual(['service:docs']);
    await play.git('add', '.');
    await play.git('commit', '-qm', 'second');
    await play.file('lib/x', 'changed');
    expect(await since()).toEqual(['service:api', 'service:web']);
    expect(touched(await play.plan(undefined, { changedSince: 'HEAD~1' }))).toEqual([
      'service:api',
      'service:docs',
      'service:web',
    ]);
    await play.deploy(undefined, { changedSince: 'HEAD' });
    expect(new Set([...play.cluster.revisions.values()].map((one) => one.service))).toEqual(new Set(['api', 'web']));
    expect(play.world.things.size).toBe(0);
  });

  it('refuses a revision that git does not know', async () => {
    const play = await repository();
    for (const revision of ['nowhere', '--output=x']) {
      await refusal(play.plan(undefined, { changedSince: revision }), 'revision-unknown');
    }
  });
});
