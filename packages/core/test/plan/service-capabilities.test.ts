import { describe, expect, it } from 'vitest';
import type { Environment, ServiceDeclaration } from '../../src/config/project.ts';
import { missingOfService } from '../../src/plan/service-capabilities.ts';
import type { Platform, Router } from '../../src/provider/contract.ts';
import { analysis, canaryOf } from '../strategies/simulate.ts';

const cannot = {
  strategies: ['recreate', 'blue-green', 'rolling', 'canary'],
  staticSites: false,
  instantSwitchBack: false,
  instances: false,
  images: false,
  limits: false,
  volumes: false,
};
const platform = { name: 'plain', capabilities: cannot } as unknown as Platform;
const router = { name: 'plain', capabilities: {} } as unknown as Router;
const environment = { name: 'dev', platform: { use: 'plain' } } as unknown as Environment;
const latency = { ...analysis, metrics: [{ ...analysis.metrics[0]!, query: 'latencyP95' }] };
const header = { name: 'x', value: '1' };
const service = {
  address: 'service:web',
  name: 'web',
  spec: {
    image: 'nginx',
    instances: 3,
    limits: { cpus: 1 },
    volumes: [{ source: 'data', target: '/data', readOnly: false }],
    affinity: { cookie: 'user' },
    strategy: canaryOf([{ weight: 10, header, cookie: header, pause: false }], { analysis: latency }),
  },
} as unknown as ServiceDeclaration;

describe('what a platform or router can not do for a service', () => {
  it('is told all at once, each with a way out', () => {
    const missing = missingOfService(service, platform, router, environment);
    expect(missing.map(({ what }) => what)).toEqual([
      'platform plain runs no images.',
      "platform plain can't hold a process to limits.",
      'platform plain has no volumes.',
      "platform plain can't keep what was replaced for an instant way back.",
      'platform plain runs one instance of a service, not 3.',
      "router plain can't split traffic by weight, as canary does.",
      "router plain can't route by header.",
      "router plain can't route by cookie.",
      "router plain doesn't measure how long requests take.",
      "router plain can't keep a user with one instance.",
    ]);
    for (const { subject, hint } of missing) expect([subject, hint.length > 20]).toEqual(['service:web', true]);
  });

  it('depends on the options of the router, where it says so', () => {
    const all = { weights: true, headers: true, cookies: true, previewPort: true, latency: true, affinity: true };
    const lacks: Router['lacks'] = ({ attached }) => (attached ? ['headers', 'latency'] : []);
    const able = { name: 'able', capabilities: all, lacks } as unknown as Router;
    const told = (attached: boolean) => {
      const here = { ...environment, router: { use: 'able', attached } };
      return missingOfService(service, platform, able, here).flatMap(({ what }) => (/router/.test(what) ? what : []));
    };
    expect(told(false)).toEqual([]);
    expect(told(true)).toEqual([
      "router able can't route by header.",
      "router able doesn't measure how long requests take.",
    ]);
  });

  it('is more instances than there are hosts', () => {
    const hosts = {
      ...platform,
      capabilities: { ...cannot, instances: true },
      instances: () => ({ byDefault: 2, most: 2 }),
    };
    const missing = missingOfService(service, hosts as unknown as Platform, undefined, environment);
    expect(missing.map(({ what }) => what)).toContain('platform plain has room for 2 instances here, not 3.');
    const { instances: _, ...spec } = service.spec;
    const byDefault = missingOfService({ ...service, spec }, hosts as unknown as Platform, undefined, environment);
    expect(byDefault.map(({ what }) => what).join()).not.toContain('room for');
  });

  it('is what the platform itself objects to, told of the options and the files', () => {
    const objections: Platform['objections'] = ({ name }, { environment, options, files }) => [
      {
        what: `${name} ${environment} ${JSON.stringify(options.use)} ${[...(files ?? [])].join()}`,
        hint: 'Do otherwise.',
      },
    ];
    const objecting = { ...platform, objections } as Platform;
    const missing = missingOfService(service, objecting, undefined, environment, new Set(['web/a', 'b']));
    expect(missing).toContainEqual({ subject: 'service:web', what: 'web dev "plain" web/a,b', hint: 'Do otherwise.' });
  });
});
