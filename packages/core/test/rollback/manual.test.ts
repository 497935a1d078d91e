import { MemoryWorld, memoryThing } from '@slipway/provider-testkit';
import { describe, expect, it } from 'vitest';
import { SlipwayError } from '../../src/errors.ts';
import type { ResourceType } from '../../src/provider/contract.ts';
import type { DeploymentReport } from '../../src/report/report.ts';
import type { Slipway } from '../../src/slipway.ts';
import { service, thing } from '../support/declare.ts';
import { viewOf } from '../support/outside-view.ts';
import { type Playground, playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';

const rollback = (play: Playground, options = {}) => play.session((slipway) => slipway.rollback(options));
const valueIn = (play: Playground, name: string) =>
  [...play.world.things.values()].find((one) => one.name === name)?.properties.value;

async function completed(report: Promise<DeploymentReport>): Promise<DeploymentReport> {
  const done = await report;
  expect(done.error).toBeUndefined();
  expect(done.status).toBe('completed');
  return done;
}

describe('a rollback that a person asks for', () => {
  it('goes back to the last stable deployment, and is not itself rolled back by accident', async () => {
    const play = await playground();
    await completed(play.deploy({ resources: { a: thing(1), gone: thing('x') } }));
    const before = await viewOf(play);
    await completed(play.deploy({ resources: { a: thing(2), fresh: thing('y') } }));
    const report = await completed(rollback(play));
    expect(report.rollback).toMatchObject({
      restored: ['resource:a', 'resource:gone'],
      destroyed: ['resource:fresh'],
      failed: [],
    });
    expect(await viewOf(play)).toEqual(before);
    const refused = await refusal(rollback(play), 'already-rolled-back');
    expect(refused.hint).toContain('There is nothing further back');
  });

  it('says what runs and how to get further back, where the last one went back already', async () => {
    const play = await playground();
    const at = (value: number) => ({ resources: { a: thing(value), b: thing(value, { dependsOn: ['a'] }) } });
    const [first, second] = [
      await completed(play.deploy(at(1), { ship: 'v1' })),
      await completed(play.deploy(at(2), { ship: 'v2' })),
    ];
    play.fault = (call) => (call.call === 'update' && call.name === 'b' ? new Error('no') : undefined);
    await play.deploy(at(4), { onFailure: 'rollback' });
    const failed = await play.deploy(at(3), { onFailure: 'rollback' });
    expect(failed.status).toBe('rolled_back');
    play.fault = () => undefined;
    // By itself: what is asked for is there already.
    const byItself = await refusal(rollback(play), 'taken-back-already');
    expect(byItself.message).toContain(`${failed.id} was taken back already: what ${second.id} (version v2)`);
    expect(byItself.hint).toBe(`To go further back: slipway rollback --to ${first.id} (version v1).`);
    // By a person, who may want what is further back, or not.
    await completed(rollback(play, { to: first.id }));
    expect(valueIn(play, 'b')).toBe(1);
    await completed(rollback(play, { to: second.id }));
    const again = await refusal(rollback(play), 'already-rolled-back');
    expect(again.message).toContain(`what ${second.id} (version v2) left`);
    expect(again.hint).toContain(`--to ${first.id}`);
  });

  it('of which a part failed is to be finished first', async () => {
    const play = await playground();
    await completed(play.deploy({ resources: { a: thing(1) } }));
    await completed(play.deploy({ resources: { a: thing(2) } }));
    play.fault = (call) => (call.call === 'update' ? new Error('no') : undefined);
    expect((await rollback(play)).status).toBe('failed');
    play.fault = () => undefined;
    expect((await refusal(rollback(play), 'rollback-unfinished')).hint).toContain('slipway resume');
    expect((await play.session((slipway) => slipway.resume())).status).toBe('completed');
    expect(valueIn(play, 'a')).toBe(1);
  });

  it('passes over deployments that failed', async () => {
    const play = await playground();
    await completed(play.deploy({ resources: { a: thing(1) } }));
    for (const value of [2, 3]) {
      play.fault = (call) => (call.call === 'create' && call.name === 'b' ? new Error('no') : undefined);
      const config = { resources: { a: thing(value), b: thing(1, { dependsOn: ['a'] }) } };
      expect((await play.deploy(config)).status).toBe('failed');
      play.fault = () => undefined;
    }
    expect(valueIn(play, 'a')).toBe(3);
    await completed(rollback(play));
    expect(valueIn(play, 'a')).toBe(1);
  });

  it('goes to a deployment by its id, to a version, and forward again', async () => {
    const play = await playground();
    const [one, two, three] = [1, 2, 3].map(
      (value) => () => completed(play.deploy({ resources: { a: thing(value) } }, { ship: `v${value}` })),
    );
    const first = await one!();
    await two!();
    const third = await three!();
    expect((await completed(rollback(play, { to: 'v2' }))).ship).toBe('v2');
    expect(valueIn(play, 'a')).toBe(2);
    await completed(rollback(play, { to: first.id }));
    expect(valueIn(play, 'a')).toBe(1);
    await completed(rollback(play, { to: third.id }));
    expect(valueIn(play, 'a')).toBe(3);
    await refusal(rollback(play, { to: 'v9' }), 'deployment-unknown');
  });

  it('has nothing to do before the first deployment', async () => {
    await refusal(rollback(await freshPlay()), 'nothing-to-roll-back');
  });

  it('takes back a part, and refuses one that others need', async () => {
    const play = await playground();
    await completed(play.deploy({ resources: { a: thing(1), b: thing(1) } }));
    await completed(
      play.deploy({ resources: { a: thing(2), b: thing(2), c: thing(1), d: thing('${resource:c.id}') } }),
    );
    await refusal(rollback(play, { only: ['c'] }), 'dependents-remain');
    const report = await completed(rollback(play, { only: ['a', 'd'] }));
    expect(report.rollback).toMatchObject({ restored: ['resource:a'], destroyed: ['resource:d'] });
    expect([valueIn(play, 'a'), valueIn(play, 'b'), play.world.things.size]).toEqual([1, 2, 3]);
  });

  it('keeps a thing that was renamed, and makes what was destroyed anew, dependencies first', async () => {
    const play = await playground();
    await play.file('web/x', 'x');
    await play.file('api/x', 'x');
    await completed(
      play.deploy({
        resources: { old: thing(1) },
        services: {
          api: service('api', 4000, { env: { ID: '${resource:old.id}' } }),
          web: service('web', 4001, { dependsOn: ['api'] }),
        },
      }),
    );
    const before = await viewOf(play);
    await completed(
      play.deploy({ resources: { new: thing(2) }, moved: [{ from: 'resource:old', to: 'resource:new' }] }),
    );
    play.forgetCalls();
    const plan = await play.session((slipway) => slipway.planRollback());
    expect(plan.steps.find(({ id }) => id === 'service:web/stage')!.after).toContain('service:api/record');
    await completed(rollback(play));
    expect(play.effects().filter((effect) => effect.startsWith('create') || effect.startsWith('delete'))).toEqual([]);
    const things = [...play.world.things.values()];
    expect(things.map(({ properties }) => properties)).toEqual([{ value: 1 }]);
    // The thing itself keeps the name that it was made with.
    expect(await viewOf(play)).toEqual(before);

    await completed(play.session((slipway) => slipway.destroy()));
    expect(play.cluster.revisions.size).toBe(0);
    expect(await play.session((slipway) => slipway.planRollback())).toMatchObject({
      warnings: [{ code: 'not-reversible', subject: 'resource:old' }],
    });
    await completed(rollback(play));
    expect([...play.cluster.revisions.values()].find((one) => one.service === 'api')!.env).toEqual({ ID: 'thing-2' });
    expect(await viewOf(play)).toEqual(before);
    expect(
      (
        await play.plan({
          resources: { old: thing(1) },
          services: {
            api: service('api', 4000, { env: { ID: '${resource:old.id}' } }),
            web: service('web', 4001, { dependsOn: ['api'] }),
          },
        })
      ).steps,
    ).toEqual([]);
  });

  it('does not delete what is protected', async () => {
    const play = await playground();
    await completed(play.deploy({ resources: { a: thing(1) } }));
    await completed(play.deploy({ resources: { a: thing(2), precious: thing(1, { protect: true }) } }));
    await refusal(rollback(play), 'protected');
    await completed(rollback(play, { only: ['a'] }));
    expect([...play.world.things.values()].map(({ name }) => name)).toEqual(['a', 'precious']);
  });

  it('can not take everything back, and the plan says what, before', async () => {
    const world = new MemoryWorld();
    const letter: ResourceType = {
      ...memoryThing(world),
      name: 'memory:letter',
      irreversible: (action) => (action === 'create' ? 'what was sent stays sent' : undefined),
    };
    const play = await playground({ types: [letter] });
    const plan = await play.plan({ resources: { mail: thing(1, { type: 'memory:letter' }), a: thing(1) } });
    expect(plan.warnings).toEqual([
      { code: 'not-reversible', subject: 'resource:mail', message: 'resource:mail: what was sent stays sent' },
    ]);
    await completed(play.deploy());
    expect((await play.plan()).warnings).toEqual([]);
  });

  it('takes traffic and route from a service that had none before', async () => {
    const play = await playground();
    await play.file('web/x', 'x');
    const at = (level: string) => ({ services: { web: service('web', 4000, { env: { LEVEL: level } }) } });
    play.cluster.isIll = () => true;
    expect((await play.deploy(at('1'))).status).toBe('failed');
    const before = await viewOf(play);
    play.cluster.isIll = () => false;
    play.fault = ({ call, number }) => (call === 'retire' && number === 1 ? new Error('stuck') : undefined);
    expect((await play.deploy(at('2'), { onFailure: 'rollback' })).status).toBe('rolled_back');
    expect(play.cluster.calls.map(({ call }) => call)).toContain('setWeights');
    expect(play.cluster.routes).toEqual({});
    expect(await viewOf(play)).toEqual(before);
  });
});

async function freshPlay(): Promise<Playground> {
  const play = await playground();
  await play.config({ resources: {} });
  return play;
}

describe('a way back on which something fails', () => {
  const first = { resources: { a: thing(1), b: thing(1), c: thing(1), d: thing('${resource:c.value}') } };
  const second = { resources: { a: thing(2), b: thing(2), c: thing(2), d: thing('${resource:c.value}') } };

  it('brings back all the rest, reports each failure, and can be resumed', async () => {
    const play = await playground();
    await completed(play.deploy(first));
    const before = await viewOf(play);
    await completed(play.deploy(second));
    play.fault = (call) => {
      const isBroken = call.call === 'update' && ['a', 'c'].includes(call.name);
      return isBroken ? new Error(`${call.name} is stuck`) : undefined;
    };
    const report = await rollback(play);
    expect(report.status).toBe('failed');
    expect(report.rollback!.restored).toEqual(['resource:b', 'resource:d']);
    expect(report.rollback!.failed.map(({ subject, error }) => `${subject}: ${error.message}`).sort()).toEqual([
      'resource:a: a is stuck',
      'resource:c: c is stuck',
    ]);
    play.fault = () => undefined;
    const resumed = await play.session((slipway) => slipway.resume());
    expect(resumed).toMatchObject({ status: 'completed', rollback: { failed: [] } });
    expect(await viewOf(play)).toEqual(before);
    await refusal(
      play.session((slipway) => slipway.resume()),
      'nothing-to-resume',
    );
  });

  it('ends a failed deployment as rolled back once its rollback was resumed', async () => {
    const play = await playground();
    await completed(play.deploy(first));
    const before = await viewOf(play);
    await play.config({ ...second, environments: { dev: { platform: 'memory', onFailure: 'rollback' } } });
    play.fault = (call, when) => {
      if (call.call !== 'update') return undefined;
      if ('name' in call && call.name === 'd') return new Error('d fails');
      return call.number > 1 && when === 'before' ? new Error('stuck') : undefined;
    };
    const failed = await play.deploy();
    expect(failed).toMatchObject({ status: 'failed', error: { message: 'd fails' } });
    expect(failed.rollback!.failed).toHaveLength(3);
    play.fault = () => undefined;
    const resumed = await play.session((slipway) => slipway.resume());
    expect(resumed).toMatchObject({ id: failed.id, status: 'rolled_back', error: { message: 'd fails' } });
    expect(await viewOf(play)).toEqual(before);
  });

  it('is finished before anything new begins', async () => {
    const play = await playground();
    await completed(play.deploy(first));
    await completed(play.deploy(second));
    const dies = new AbortController();
    play.fault = ({ call }) => {
      if (call === 'update') dies.abort();
      return undefined;
    };
    await rollback(play, { kill: dies.signal });
    play.fault = () => undefined;
    const error = await refusal(play.deploy(), 'rollback-unfinished');
    expect(error.hint).toContain('slipway resume');
    await completed(play.session((slipway) => slipway.resume()));
  });
});

describe('a way back that had not begun when its process died', () => {
  it('stays one, however often it is stopped before it begins', async () => {
    const play = await playground();
    const environments = { dev: { platform: 'memory', onFailure: 'rollback' } };
    const at = (value: number) => ({ environments, resources: { a: thing(value), b: thing(value) } });
    await play.deploy(at(1));
    const before = await viewOf(play);
    await play.config(at(2));
    const dies = new AbortController();
    play.fault = (one) => (one.call === 'update' && one.name === 'b' ? new SlipwayError('no', 'b fails') : undefined);
    await play.session(async (slipway) => {
      slipway.on((event) => {
        if (event.kind !== 'journal' || event.event.type !== 'deployment.status') return;
        if (event.event.data.status === 'rolling_back') dies.abort();
      });
      expect(await slipway.deploy({ kill: dies.signal, sequential: true })).toMatchObject({ status: 'rolling_back' });
    });
    play.fault = () => undefined;
    const resumeAndStop = async (slipway: Slipway) => {
      const stops = new AbortController();
      slipway.on((event) => {
        if (event.kind === 'journal' && event.event.type === 'deployment.resumed') stops.abort();
      });
      return await slipway.resume({ signal: stops.signal });
    };
    for (const _ of [1, 2]) {
      await refusal(play.session(resumeAndStop), 'interrupted');
      expect((await play.session((slipway) => slipway.status())).latest).toMatchObject({ status: 'rolling_back' });
      await refusal(play.deploy(), 'rollback-unfinished');
    }
    expect(await play.session((slipway) => slipway.resume())).toMatchObject({ status: 'rolled_back' });
    expect(await viewOf(play)).toEqual(before);
  });
});
