import { describe, expect, it } from 'vitest';
import { SlipwayError } from '../../src/errors.ts';
import type { ResourceRecord } from '../../src/state/record.ts';
import { service, thing } from '../support/declare.ts';
import { viewOf } from '../support/outside-view.ts';
import { type Playground, playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';
import { expectSound } from '../support/sound.ts';

const resume = (play: Playground, options = {}) => play.session((slipway) => slipway.resume(options));
const recorded = async (play: Playground, name: string) =>
  (await play.state()).get(`resource:${name}`) as ResourceRecord | undefined;
const config = { resources: { a: thing(1), b: thing(1, { dependsOn: ['a'] }) } };

/** Deploys, and dies when this call is made: before it has its effect, or right after. */
async function dieAt(play: Playground, call: string, name: string, when: 'before' | 'after', what = config) {
  const dies = new AbortController();
  play.fault = (one, now) => {
    const isIt = one.call === call && ('name' in one ? one.name : one.service) === name && now === when;
    if (!isIt) return undefined;
    dies.abort();
    return new Error('killed');
  };
  await play.config(what);
  const report = await play.session((slipway) => slipway.deploy({ kill: dies.signal }));
  play.fault = () => undefined;
  return report;
}

describe('after a kill', () => {
  it('what was made is found, what was not is made, and the deployment keeps its id', async () => {
    for (const when of ['before', 'after'] as const) {
      const play = await playground();
      const killed = await dieAt(play, 'create', 'a', when);
      expect(killed.status).toBe('in_progress');
      const report = await resume(play);
      expect(report).toMatchObject({ id: killed.id, status: 'completed' });
      expect(play.world.things.size).toBe(2);
      expect(play.effects()).toEqual(
        when === 'before' ? ['create a', 'create a', 'create b'] : ['create a', 'create b'],
      );
      await expectSound(play);
    }
  });

  it('a new deployment settles it first, and ends it', async () => {
    const play = await playground();
    const killed = await dieAt(play, 'create', 'a', 'after');
    const other = await play.deploy({ resources: { c: thing(1) } });
    expect(other.status).toBe('completed');
    expect(other.counts).toMatchObject({ create: 1, delete: 1 });
    expect([...play.world.things.values()].map(({ name }) => name)).toEqual(['c']);
    const first = await play.session((slipway) => slipway.report(killed.id));
    expect(first).toMatchObject({ status: 'failed', error: { code: 'interrupted' } });
  });

  it('what an update or deletion did is found as well', async () => {
    for (const when of ['before', 'after'] as const) {
      const play = await playground();
      await play.deploy({ resources: { a: thing(1), b: thing(1) } });
      play.forgetCalls();
      await dieAt(play, 'update', 'a', when, { resources: { a: thing(2), b: thing(1, { dependsOn: ['a'] }) } });
      expect((await resume(play)).status).toBe('completed');
      expect(play.effects().filter((effect) => effect === 'update a')).toHaveLength(when === 'before' ? 2 : 1);
      expect(await recorded(play, 'a')).toMatchObject({ properties: { value: 2 } });
      await play.config({ resources: {} });
      const dies = new AbortController();
      play.fault = ({ call }, now) => {
        if (call !== 'delete' || now !== when) return undefined;
        dies.abort();
        return new Error('killed');
      };
      await play.session((slipway) => slipway.deploy({ kill: dies.signal }));
      play.fault = () => undefined;
      expect((await resume(play)).status).toBe('completed');
      expect(play.world.things.size).toBe(0);
      expect((await play.state()).size).toBe(0);
    }
  });

  it('a revision that runs is known to whatever comes next, and traffic is where it is said to be', async () => {
    const at = (level: string) => ({ services: { web: service('web', 4000, { env: { LEVEL: level } }) } });
    for (const call of ['stage', 'setWeights'] as const) {
      const play = await playground();
      await play.file('web/x', 'x');
      await play.deploy(at('1'));
      await dieAt(play, call, 'web', 'after', at('2') as never);
      // Back to the first version by deploying it, instead of resuming.
      expect((await play.deploy(at('1'))).status).toBe('completed');
      const [weighted] = Object.keys(play.cluster.routes.web!);
      expect(play.cluster.revisions.get(`web/${weighted}`)!.env).toEqual({ LEVEL: '1' });
      const known = Object.keys(((await play.state()).get('service:web') as { revisions: object }).revisions);
      expect([...play.cluster.revisions.values()].map(({ revision }) => revision).sort()).toEqual(known.sort());
    }
  });

  it('a revision that was retired runs again on the way back', async () => {
    const play = await playground();
    await play.file('web/x', 'x');
    const at = (level: string) => ({ services: { web: service('web', 4000, { env: { LEVEL: level } }) } });
    await play.deploy(at('1'));
    await play.deploy(at('2'));
    const before = await viewOf(play);
    await dieAt(play, 'retire', 'web', 'after', at('3') as never);
    expect(play.cluster.revisions.size).toBe(2);
    const report = await play.session((slipway) => slipway.rollback());
    expect(report.status).toBe('completed');
    expect(await viewOf(play)).toEqual(before);
  });

  it('what was stopped while doubts were settled is still in doubt', async () => {
    const play = await playground();
    await dieAt(play, 'create', 'a', 'after');
    const stops = new AbortController();
    play.fault = ({ call }) => {
      if (call === 'find') stops.abort();
      return call === 'find' ? new Error('no answer') : undefined;
    };
    await resume(play, { signal: stops.signal });
    play.fault = () => undefined;
    expect((await play.deploy()).status).toBe('completed');
    expect(play.world.things.size).toBe(2);
  });
});

describe('when nothing can tell', () => {
  const forgetful = { things: { canFind: false } };

  it('the deployment ends in doubt, says what to look at, and nothing new begins', async () => {
    const play = await playground(forgetful);
    await dieAt(play, 'create', 'a', 'after');
    const report = await resume(play);
    expect(report).toMatchObject({ status: 'failed', error: { code: 'in-doubt' } });
    const step = report.steps.find(({ id }) => id === 'resource:a/create')!;
    expect(step).toMatchObject({ status: 'unknown', look: expect.stringContaining('Look in the world for a') });
    const refused = await refusal(play.deploy(), 'in-doubt');
    expect(refused.message).toContain('Look in the world for a');
    expect(refused.hint).toContain('slipway resume --redo');
    expect(play.world.things.size).toBe(1);
    await expectSound(play);
  });

  it('a person who looked says: it is not there', async () => {
    const play = await playground(forgetful);
    await dieAt(play, 'create', 'a', 'before');
    await resume(play);
    await refusal(resume(play, { redo: ['resource:x/create'] }), 'step-unknown');
    expect((await resume(play, { redo: ['resource:a/create'] })).status).toBe('completed');
    expect(play.world.things.size).toBe(2);
  });

  it('a person who looked says: it is there, and imports it', async () => {
    const play = await playground(forgetful);
    await dieAt(play, 'create', 'a', 'after');
    await resume(play);
    const refused = await refusal(resume(play, { done: ['resource:a/create'] }), 'not-recorded');
    expect(refused.hint).toContain('slipway import resource:a');
    await play.session((slipway) => slipway.import('resource:a', 'thing-1'));
    expect((await resume(play)).status).toBe('completed');
    expect(play.world.things.size).toBe(2);
    expect((await play.plan()).steps).toEqual([]);
    await expectSound(play);
  });

  it('a person imports what was to replace something, and the old one goes', async () => {
    const play = await playground(forgetful);
    const at = (kind: string) => ({ resources: { a: thing(1, { kind, replace: 'create-before-delete' }) } });
    await play.deploy(at('x'));
    await dieAt(play, 'create', 'a', 'after', at('y') as never);
    await resume(play);
    await play.session((slipway) => slipway.import('resource:a', 'thing-2'));
    expect((await resume(play)).status).toBe('completed');
    expect([...play.world.things.keys()]).toEqual(['thing-2']);
    expect([...(await play.state()).keys()]).toEqual(['resource:a']);
    expect((await play.plan()).steps).toEqual([]);
  });

  it('what is in doubt is not rolled back over', async () => {
    const play = await playground(forgetful);
    await play.config({ ...config, environments: { dev: { platform: 'memory', onFailure: 'rollback' } } });
    play.fault = (one, when) => (one.call === 'create' && one.name === 'b' && when === 'after' ? lost() : undefined);
    const report = await play.deploy();
    expect(report).toMatchObject({ status: 'failed', error: { code: 'in-doubt' } });
    expect(play.world.things.size).toBe(2);
    await refusal(
      play.session((slipway) => slipway.rollback()),
      'in-doubt',
    );
  });
});

const lost = () => new SlipwayError('connection-lost', 'no answer', { retryable: true });

describe('a call that failed', () => {
  it('with its answer lost, is found to have been done', async () => {
    const play = await playground();
    const looks = new Set(['find', 'read']);
    play.fault = ({ call }, when) => (when === 'after' && !looks.has(call) ? lost() : undefined);
    const report = await play.deploy(config);
    expect(report.status).toBe('completed');
    expect(play.effects()).toEqual(['create a', 'create b']);
  });

  it('half-way through a creation, leaves something that the next plan replaces and destroy removes', async () => {
    const play = await playground();
    const breaks: Playground['fault'] = ({ call }, when) =>
      call === 'create' && when === 'after' ? new Error('the second half failed') : undefined;
    play.fault = breaks;
    const report = await play.deploy(config);
    expect(report).toMatchObject({ status: 'failed', error: { message: 'the second half failed' } });
    expect(await recorded(play, 'a')).toMatchObject({ incomplete: { action: 'create' } });
    // Resuming does not make it whole.
    play.fault = () => undefined;
    expect(await resume(play)).toMatchObject({ status: 'failed', error: { code: 'step-incomplete' } });
    const plan = await play.plan();
    expect(plan.changes[0]).toMatchObject({ action: 'replace', reasons: [{ path: 'incomplete', replaces: true }] });
    expect((await play.deploy()).status).toBe('completed');
    expect(play.world.things.size).toBe(2);

    play.fault = breaks;
    await play.deploy({ resources: { ...config.resources, c: thing(1) } });
    play.fault = () => undefined;
    expect((await play.session((slipway) => slipway.destroy())).status).toBe('completed');
    expect(play.world.things.size).toBe(0);
  });

  it('half-way through an update, leaves a mark until all of it is applied again', async () => {
    const play = await playground({ things: { canFind: false } });
    await play.deploy({ resources: { a: thing(1) } });
    const answered = new SlipwayError('half', 'one of two was set', { details: { answered: true } });
    play.fault = ({ call }, when) => (call === 'update' && when === 'after' ? answered : undefined);
    const report = await play.deploy({ resources: { a: thing(2) } });
    expect(report).toMatchObject({ status: 'failed', error: { code: 'half' } });
    expect(await recorded(play, 'a')).toMatchObject({ incomplete: { action: 'update', reason: 'one of two was set' } });
    play.fault = () => undefined;
    // Wanting what is recorded is no reason to leave it.
    const plan = await play.plan({ resources: { a: thing(1) } });
    expect(plan.changes[0]).toMatchObject({ action: 'update', reasons: [{ path: 'incomplete' }] });
    expect(plan.steps[0]!.input).toMatchObject({ changed: ['value'] });
    expect((await play.deploy()).status).toBe('completed');
    expect(await recorded(play, 'a')).not.toHaveProperty('incomplete');
    expect([...play.world.things.values()][0]!.properties).toEqual({ value: 1 });
  });

  it('is tried again when it may pass, with one token', async () => {
    const play = await playground();
    play.fault = ({ call, number }, when) =>
      call === 'create' && number === 1 && when === 'before' ? lost() : undefined;
    const report = await play.deploy({ resources: { a: thing(1) } });
    expect(report.steps[0]).toMatchObject({ status: 'succeeded', attempts: 2 });
    const tokens = play.world.calls.filter(({ call }) => call === 'create').map(({ token }) => token);
    expect(new Set(tokens).size).toBe(1);
  });
});
