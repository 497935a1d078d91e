import { describe, expect, it } from 'vitest';
import { service, thing } from '../support/declare.ts';
import { playground } from '../support/playground.ts';
import { refusal } from '../support/refusal.ts';

/** The shape of the staging and production environments that users are shown. */
const environments = {
  dev: { platform: 'memory' },
  staging: { platform: 'docker', router: 'haproxy', onFailure: 'rollback' },
  production: {
    platform: { use: 'kubernetes', context: 'prod', namespace: 'shop' },
    promoteFrom: 'staging',
    approvals: { required: 2, approvers: ['team:ops', 'team:security'] },
    windows: [{ allow: 'Mon-Thu 09:00-16:00 Europe/Berlin' }],
    compliance: ['nasa-pot10'],
    variables: { LOG_LEVEL: 'warn' },
  },
};

const canary = {
  steps: [{ weight: 10, hold: '1m' }],
  analysis: { metrics: [{ name: 'errors', source: 'router', query: 'errorRate', failAbove: 0.05 }] },
};

describe('what a plan refuses', () => {
  const services = {
    backend: service('backend', 4000, { strategy: { canary } }),
    admin: service('admin', 4001, { strategy: 'rolling' }),
    site: { path: 'site', static: 'dist', port: 4002 },
    fine: service('fine', 4003),
  };

  const missingIn = async (environment: string) => {
    const play = await playground({ capabilities: { strategies: ['recreate', 'blue-green'] } });
    await play.config({ environments, services, resources: { topic: { type: 'cloud:topic', size: 1 }, a: thing(1) } });
    const error = await refusal(
      play.session((slipway) => slipway.plan(), environment),
      'capability-missing',
    );
    return { error, missing: error.details.missing as { subject: string; what: string; hint: string }[] };
  };

  it('is told all at once, each by name and with a way out', async () => {
    const { error, missing } = await missingIn('dev');
    expect(missing.map(({ subject, what }) => `${subject}: ${what}`)).toEqual([
      'resource:topic: no provider offers the resource type cloud:topic.',
      "service:backend: Platform memory can't roll out with the strategy canary.",
      "service:admin: Platform memory can't roll out with the strategy rolling.",
      'service:site: platform memory serves no static sites.',
    ]);
    expect(missing[1]!.hint).toContain('recreate or blue-green');
    for (const { what } of missing) expect(error.message).toContain(what);
  });

  it('is what this version or its providers can not do for an environment', async () => {
    const staging = await missingIn('staging');
    expect(staging.error.message).toContain('no provider offers the platform docker');
    expect(staging.error.message).toContain('no provider offers the router haproxy');
    const { error } = await missingIn('production');
    for (const key of ['approvals', 'windows', 'compliance']) {
      expect(error.message).toContain(`environments.production: ${key} can't be honoured`);
    }
    expect(error.message).toContain('platform kubernetes');
    expect(error.message).not.toContain('promoteFrom');
  });

  it('is nothing of what is not selected', async () => {
    const play = await playground();
    await play.config({ environments, services, resources: { topic: { type: 'cloud:topic', size: 1 } } });
    await play.file('fine/x', 'x');
    const plan = await play.session((slipway) => slipway.plan({ only: ['fine'] }), 'dev');
    expect(plan.changes.map(({ address }) => address)).toEqual(['service:fine']);
  });

  it('is an output that a thing is known not to have', async () => {
    const play = await playground();
    await play.deploy({ resources: { a: thing(1) } });
    const error = await refusal(
      play.plan({ resources: { a: thing(1), b: thing('${resource:a.arn}') } }),
      'output-unknown',
    );
    expect(error).toMatchObject({ subject: 'resource:b', hint: 'It has: id, value.' });
  });

  it('is a service on a platform that is not the one where it runs', async () => {
    const play = await playground();
    await play.file('fine/x', 'x');
    const fine = (more: object = {}) => ({ services: { fine: service('fine', 4003, { ...more }) } });
    await play.deploy(fine());
    const elsewhere = { environments: { dev: { platform: 'other' } } };
    expect((await play.plan({ ...fine(), ...elsewhere })).steps).toEqual([]);
    const error = await refusal(play.plan({ ...fine({ env: { A: 'b' } }), ...elsewhere }), 'platform-changed');
    expect(error.message).toContain('runs on memory');
  });

  it('is a port that another service has until this plan takes it away', async () => {
    const play = await playground();
    await play.file('old/x', 'x');
    await play.file('new/x', 'x');
    await play.deploy({ services: { old: service('old', 4000) } });
    const renamed = { services: { new: service('new', 4000) } };
    const error = await refusal(play.plan(renamed), 'port-taken');
    expect(error.message).toContain('service:old');
    await play.session((slipway) => slipway.destroy({ only: ['old'] }));
    expect((await play.deploy(renamed)).status).toBe('completed');
    expect(Object.keys(play.cluster.routes)).toEqual(['new']);
  });

  it('is a service under a new name: it would be another one, and its users would notice', async () => {
    const play = await playground();
    await play.file('new/x', 'x');
    await play.file('old/x', 'x');
    await play.deploy({ services: { old: service('old', 4000) } });
    const renamed = {
      services: { new: service('new', 4001) },
      moved: [{ from: 'service:old', to: 'service:new' }],
    };
    const error = await refusal(play.deploy(renamed), 'config-invalid');
    expect(error.message).toContain('service:old can not be renamed');
    expect([...play.cluster.revisions.values()].map((one) => one.service)).toEqual(['old']);
  });
});
