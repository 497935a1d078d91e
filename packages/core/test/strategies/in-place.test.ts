import { describe, expect, it } from 'vitest';
import type { ServiceRecord } from '../../src/state/record.ts';
import { service } from '../support/declare.ts';
import { type Config, type Playground, playground } from '../support/playground.ts';

const web = (more: Config) => ({ services: { web: service('web', 4000, more) } });
const record = async (play: Playground) => (await play.state()).get('service:web') as ServiceRecord;
const ids = async (play: Playground, config?: Config) =>
  (await play.plan(config)).steps.map(({ id }) => id.slice('service:web/'.length));

describe('another number of instances of the same release', () => {
  it('is made in place: what comes answers before it takes part, what goes is drained first', async () => {
    const play = await playground();
    await play.file('web/x', '1');
    await play.deploy(web({ instances: 2 }));
    const [before] = play.cluster.revisions.values();
    expect(before!.slots).toEqual([0, 1]);
    expect(await ids(play, web({ instances: 3 }))).toEqual(['scale', 'probe-scaled', 'switch-scaled', 'verify-scaled']);
    expect((await play.deploy()).status).toBe('completed');
    expect([...play.cluster.revisions.values()].map(({ revision, slots }) => [revision, slots])).toEqual([
      [before!.revision, [0, 1, 2]],
    ]);
    expect(await ids(play)).toEqual([]);
    expect(await ids(play, web({}))).toEqual(['switch-scaled', 'verify-scaled', 'drain-surplus', 'shrink']);
    expect((await play.deploy()).status).toBe('completed');
    expect([...play.cluster.revisions.values()].map(({ slots }) => slots)).toEqual([[0]]);
    expect((await record(play)).revisions[before!.revision]).not.toHaveProperty('slots');
    expect(await ids(play)).toEqual([]);
  });
});

describe('what a broken canary left', () => {
  it('loses its share before it goes, though there is nothing to roll out', async () => {
    const play = await playground();
    await play.file('web/x', '1');
    const strategy = { canary: { steps: [{ weight: 30 }, { weight: 60 }], baseline: true } };
    const config = web({ strategy, instances: 2 });
    await play.deploy(config);
    const [old] = play.cluster.revisions.values();
    await play.file('web/x', '2');
    let switches = 0;
    play.fault = ({ call }, when) =>
      call === 'setWeights' && when === 'before' && ++switches > 1 ? new Error('broken') : undefined;
    expect((await play.deploy(config, { onFailure: 'stop' })).status).toBe('failed');
    play.fault = () => undefined;
    expect(play.cluster.revisions.size).toBe(3);
    await play.file('web/x', '1');
    const steps = await ids(play);
    expect(steps.slice(0, 2)).toEqual(['probe', 'take-back']);
    expect(steps.filter((id) => id.startsWith('retire-'))).toHaveLength(2);
    expect((await play.deploy()).status).toBe('completed');
    expect([...play.cluster.revisions.values()].map(({ revision }) => revision)).toEqual([old!.revision]);
    expect((await record(play)).weights).toEqual({ [old!.revision]: 100 });
    expect(await ids(play)).toEqual([]);
  });
});

describe('services in lockstep', () => {
  it('go back together when one fails, whatever the environment says', async () => {
    const play = await playground();
    const config: Config = {
      services: {
        api: service('api', 4000, { lockstep: 'shop' }),
        web: service('web', 4001, { lockstep: 'shop', dependsOn: ['api'] }),
      },
    };
    for (const name of ['api', 'web']) await play.file(`${name}/x`, '1');
    await play.deploy(config);
    const before = play.cluster.routes;
    for (const name of ['api', 'web']) await play.file(`${name}/x`, '2');
    const plan = await play.plan(config);
    expect(plan.onFailure).toBe('rollback');
    expect(plan.warnings.map(({ message }) => message).join()).toContain('lockstep');
    const needs = (id: string) => plan.steps.find((step) => step.id === id)!.needs;
    expect(needs('service:api/switch')).toEqual(['service:api/probe', 'service:web/probe']);
    expect(needs('service:web/stage')).toContain('service:api/probe');
    play.fault = ({ call, name, service: of }: { call: string; name?: string; service?: string }, when: string) =>
      call === 'setWeights' && (of ?? name) === 'web' && when === 'before' ? new Error('broken') : undefined;
    const report = await play.deploy(config);
    play.fault = () => undefined;
    expect(report.status).not.toBe('completed');
    expect(play.cluster.routes).toEqual(before);
  });
});
