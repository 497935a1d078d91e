import { describe, expect, it } from 'vitest';
import { replayState } from '../../src/journal/replay.ts';
import { service, thing } from '../support/declare.ts';
import { viewOf } from '../support/outside-view.ts';
import { type Playground, playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';
import { expectSound } from '../support/sound.ts';

const drift = async (play: Playground) =>
  Object.fromEntries(
    (await play.session((slipway) => slipway.drift())).items.map(({ address, status }) => [address, status]),
  );

describe('drift', () => {
  async function shop() {
    const play = await playground();
    await play.file('web/x', 'x');
    await play.deploy({
      resources: { a: thing(1), b: thing('${resource:a.id}') },
      services: { web: service('web', 4000, { env: { A: '${resource:a.value}' } }) },
    });
    return { play, before: await viewOf(play) };
  }

  it('is nothing right after a deployment', async () => {
    const { play } = await shop();
    expect(await drift(play)).toEqual({
      'resource:a': 'in-sync',
      'resource:b': 'in-sync',
      'service:web': 'in-sync',
    });
  });

  it('is told property by property, and brought back', async () => {
    const { play, before } = await shop();
    const [a] = [...play.world.things.values()];
    a!.properties = { value: 'tampered' };
    play.cluster.revisions.clear();
    const report = await play.session((slipway) => slipway.drift());
    const item = report.items.find(({ address }) => address === 'resource:a')!;
    expect(item).toMatchObject({ status: 'drifted' });
    expect(item.differences).toContainEqual({ path: 'value', before: 1, after: 'tampered', replaces: false });
    expect((await drift(play))['service:web']).toBe('drifted');
    // A deployment goes by what is recorded of resources, and by what runs of services.
    const { changes } = await play.plan();
    expect(changes.filter(({ action }) => action !== 'none').map(({ address }) => address)).toEqual(['service:web']);
    const fixed = await play.session((slipway) => slipway.fixDrift());
    expect(fixed).toMatchObject({ kind: 'drift', status: 'completed' });
    expect(await viewOf(play)).toEqual(before);
    expect(new Set(Object.values(await drift(play)))).toEqual(new Set(['in-sync']));
    await expectSound(play);
  });

  it('makes anew what is missing, and the next deployment tells those who refer to it', async () => {
    const { play, before } = await shop();
    play.world.things.delete('thing-1');
    expect((await drift(play))['resource:a']).toBe('missing');
    expect((await play.session((slipway) => slipway.fixDrift())).status).toBe('completed');
    expect((await play.plan()).steps.map(({ id }) => id)).toEqual(['resource:b/update']);
    await play.deploy();
    expect(await viewOf(play)).toEqual(before);
    expect(await drift(play)).toMatchObject({ 'resource:a': 'in-sync', 'resource:b': 'in-sync' });
  });

  it('can be unknown, for one thing alone', async () => {
    const { play } = await shop();
    play.fault = ({ call, number }) => (call === 'read' && number === 1 ? new Error('no access') : undefined);
    const { items } = await play.session((slipway) => slipway.drift());
    expect(items.filter(({ status }) => status === 'cannot-tell').length).toBeGreaterThan(0);
    expect(items.find(({ address }) => address === 'service:web')).toMatchObject({ status: 'in-sync' });
  });
});

describe('import', () => {
  it('takes an existing thing under management', async () => {
    const play = await playground();
    const made = play.world.make('by-hand', { value: 1 }, 'somebody');
    await play.config({ resources: { a: thing(1) } });
    const record = await play.session((slipway) => slipway.import('resource:a', made.id));
    expect(record).toMatchObject({ id: made.id, properties: { value: 1 } });
    expect((await play.plan()).steps).toEqual([]);
    await refusal(
      play.session((slipway) => slipway.import('resource:a', made.id)),
      'already-recorded',
    );
    expect((await play.deploy({ resources: { a: thing(2) } })).status).toBe('completed');
    expect(play.world.things.get(made.id)!.properties).toEqual({ value: 2 });
    await expectSound(play);
  });

  it('shows what differs as the next plan, and refuses what is not there or not declared', async () => {
    const play = await playground();
    play.world.make('by-hand', { value: 'other' }, 'somebody');
    await play.config({ resources: { a: thing(1), v: { type: 'core:value', input: 1 } } });
    const importing = (address: `resource:${string}`, id: string) =>
      play.session((slipway) => slipway.import(address, id));
    await refusal(importing('resource:a', 'thing-9'), 'not-found');
    await refusal(importing('resource:x', 'thing-1'), 'address-unknown');
    await refusal(importing('resource:v', 'thing-1'), 'import-unsupported');
    await importing('resource:a', 'thing-1');
    expect((await play.plan()).changes[0]).toMatchObject({
      action: 'update',
      reasons: [{ path: 'properties.value', before: 'other', after: 1 }],
    });
  });
});

describe('the recorded state', () => {
  it('is moved and forgotten by hand; nothing outside changes', async () => {
    const play = await playground();
    await play.deploy({ resources: { old: thing(1), user: thing('${resource:old.id}'), free: thing(1) } });
    play.forgetCalls();
    await play.session((slipway) => slipway.moveState('resource:old', 'resource:new'));
    await play.session((slipway) => slipway.removeState('resource:free'));
    expect(play.effects()).toEqual([]);
    const state = await play.state();
    expect([...state.keys()].sort()).toEqual(['resource:new', 'resource:user']);
    expect(state.get('resource:user')!.dependsOn).toEqual(['resource:new']);
    expect((await play.plan({ resources: { new: thing(1), user: thing('${resource:new.id}') } })).steps).toEqual([]);
    const edit = (from: `resource:${string}`, to: `resource:${string}`) =>
      play.session((slipway) => slipway.moveState(from, to));
    await refusal(edit('resource:none', 'resource:x'), 'address-unknown');
    await refusal(edit('resource:new', 'resource:user'), 'already-recorded');
    await refusal(edit('resource:new', 'service:x' as never), 'address-invalid');
    expect(play.world.things.size).toBe(3);
    await expectSound(play);
  });

  it('follows from the journal alone', async () => {
    const play = await playground();
    await play.file('web/x', 'x');
    const at = (value: number, kind: string) => ({
      resources: { a: thing(value), b: thing('${resource:a.id}', { kind }) },
      services: { web: service('web', 4000, { env: { A: '${resource:b.id}' } }) },
    });
    await play.deploy(at(1, 'x'));
    await play.deploy(at(2, 'y'));
    play.fault = ({ call }) => (call === 'retire' ? new Error('stuck') : undefined);
    await play.deploy(at(3, 'z'), { onFailure: 'rollback' });
    play.fault = () => undefined;
    await play.session((slipway) => slipway.moveState('resource:a', 'resource:c'));
    await play.session(async (slipway) => {
      const events = [];
      const history = (await slipway.history(100)).reverse();
      for (const { id } of history) for await (const event of slipway.events(id)) events.push(event);
      const recorded = await slipway.state();
      const ofDeployments = replayState(events);
      // All but the edit by hand, which belongs to no deployment.
      expect(ofDeployments.get('service:web')).toEqual(recorded.get('service:web'));
      expect({ ...ofDeployments.get('resource:a'), address: 'resource:c' }).toEqual(recorded.get('resource:c'));
    });
    await expectSound(play);
  });
});
