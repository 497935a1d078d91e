import { describe, expect, test } from 'vitest';
import { load, problemsOf } from './load.ts';

const service = (more: string, name = 'a', port = 1) =>
  `  ${name}: { path: ${name}, run: x, port: ${port}, ${more} }\n`;
const project = (...services: string[]) => `name: shop\nservices:\n${services.join('')}`;
const specOf = async (more: string, top = '') =>
  (await load({ 'slipway.yaml': `${top}${project(service(more))}` })).services[0]!.spec;
const faults = async (more: string) => {
  const found = await problemsOf({ 'slipway.yaml': project(service(more)) });
  return found.map((problem) => problem.replace(/^slipway\.yaml:\d+:\d+ services\.a\.(strategy\.)?/, ''));
};

describe('a canary', () => {
  test('in its short form is written out to steps', async () => {
    const stepsOf = async (options: string) => {
      const { strategy } = await specOf(`strategy: { canary: ${options} }`);
      return strategy.kind === 'canary' ? strategy.steps.map(({ weight, holdMs }) => [weight, holdMs]) : [];
    };
    expect(await stepsOf('{ initialWeight: 5, step: 10, interval: 30s, maxSteps: 3 }')).toEqual([
      [5, 30_000],
      [15, 30_000],
      [25, 30_000],
    ]);
    expect(await stepsOf('{ step: 20 }')).toEqual([
      [20, 60_000],
      [40, 60_000],
    ]);
    expect(await stepsOf('{ step: 50, maxWeight: 99 }')).toEqual([[50, 60_000]]);
  });

  test('in its short form has a step at least', async () => {
    const none = (key: string, first: number, highest: number) => [
      `canary.${key}: leaves no step: they begin with ${first} % and end at ${highest} %, so that all would move at once; raise maxWeight, or begin lower with initialWeight`,
    ];
    expect(await faults('strategy: { canary: { step: 60 } }')).toEqual(none('step', 60, 50));
    expect(await faults('strategy: { canary: { step: 10, maxWeight: 5 } }')).toEqual(none('maxWeight', 10, 5));
    expect(await faults('strategy: { canary: { initialWeight: 70 } }')).toEqual(none('initialWeight', 70, 50));
  });

  test('has steps that say what they do', async () => {
    const { strategy } = await specOf(
      'strategy: { canary: { steps: [{ scale: 25%, header: { name: x-canary, value: "1" } }, { weight: 10, pause: true }, { weight: "50", scale: 2, analysis: false, hold: 2m }], keepOld: 30m, baseline: true, bake: 5m } }',
    );
    expect(strategy).toEqual({
      kind: 'canary',
      steps: [
        { scale: { percent: 25 }, header: { name: 'x-canary', value: '1' }, pause: false },
        { weight: 10, pause: true },
        { weight: 50, scale: { count: 2 }, analysis: null, holdMs: 120_000, pause: false },
      ],
      background: true,
      baseline: true,
      bakeMs: 300_000,
      drainMs: 30_000,
      keepOld: { forMs: 1_800_000 },
    });
  });

  test('is refused with all that is wrong, where it is', async () => {
    const canary =
      '{ step: 5, steps: [{}, { weight: 30, scale: 0 }, { weight: 20 }], keepOld: long, analysis: { onInconclusive: rollback, metrics: [' +
      '{ name: a, query: errorRat, failAbove: 1 }, { name: a, source: prom, query: q, failAbove: 1, passBelow: 2 }, ' +
      '{ name: b, query: requests, passAbove: 5, failAbove: 9 }, { name: c, query: requests, failAbove: 1, failBelow: 2 }, ' +
      '{ name: d, query: requests, compareWith: baseline, judge: mann-whitney, maxIncrease: 2 }] } }';
    expect(await faults(`strategy: { canary: ${canary} }`)).toEqual([
      'canary.keepOld: must be true, false, or for how long; write for example "30m"',
      'canary.analysis.onInconclusive: must be one of "pause", "fail"',
    ]);
    const whole = canary.replace('keepOld: long', 'keepOld: 1h').replace('rollback', '{ extend: 2, else: fail }');
    expect(await faults(`strategy: { canary: ${whole} }`)).toEqual([
      'canary.step: belongs to the short form, and there are steps; keep one of the two',
      'canary.steps[0]: says nothing to do; add weight, hold, pause, analysis, scale, header or cookie',
      'canary.steps[1].scale: leaves no instance for the traffic of this step; leave it out, or give at least 1',
      'canary.steps[2].weight: must be more than 30, the weight before',
      'canary.analysis.metrics[0].query: the router can not be asked "errorRat"; did you mean "errorRate"?',
      'canary.analysis.metrics[1].name: is the name of another metric too: "a"',
      'canary.analysis.metrics[1].source: there is no metric source "prom"; declare it: metricSources.prom, or use router',
      'canary.analysis.metrics[1].passBelow: contradicts the condition to fail: values above 1 would do both; what passes must lie within what does not fail',
      'canary.analysis.metrics[2].passAbove: contradicts the condition to fail: values above 9 would do both; what passes must lie within what does not fail',
      'canary.analysis.metrics[3].failBelow: every value is below 2 or above 1, so all of them fail; failBelow must be less than failAbove',
      'canary.analysis.metrics[4].compareWith: there is no baseline to compare with; add baseline: true to the canary, or compare with stable',
      'canary.analysis.metrics[4].judge: takes the place of maxIncrease; a judge has its own tolerance; keep one of the two',
    ]);
  });
});

describe('a canary that the router is asked about', () => {
  const metrics = 'metrics: [{ name: errors, query: errorRate, failAbove: 0.1 }]';
  const canary = (step: string) =>
    `strategy: { canary: { analysis: { ${metrics} }, steps: [{ ${step} }, { weight: 20, hold: 1m }] } }`;

  test('is shown to somebody before it is measured', async () => {
    const fault =
      'metrics[0].source: the router knows nothing of a revision without traffic, which it is at steps[0]; give that step a weight, a header or a cookie, or analysis: false';
    expect(await faults(canary('hold: 1m'))).toEqual([`canary.analysis.${fault}`]);
    expect(await faults(canary(`weight: 0, analysis: { ${metrics} }`))).toEqual([`canary.steps[0].analysis.${fault}`]);
    for (const fine of ['pause: true', 'hold: 1m, analysis: false', 'hold: 1m, header: { name: x, value: y }'])
      expect((await specOf(canary(fine))).strategy.kind).toBe('canary');
  });
});

test('an analysis has every default filled in', async () => {
  const { strategy } = await specOf(
    'strategy: { rolling: { analysis: { onInconclusive: { extend: 2 }, metrics: [{ name: a, query: errorRate, compareWith: stable, judge: mann-whitney }] } } }',
  );
  expect(strategy).toMatchObject({
    analysis: {
      metrics: [
        {
          name: 'a',
          source: 'router',
          query: 'errorRate',
          compareWith: 'stable',
          judge: { direction: 'increase', confidence: 0.95, tolerance: 0.1, minimumMeasurements: 5 },
          consecutiveFailures: 1,
          consecutiveErrors: 5,
          weight: 1,
          critical: true,
        },
      ],
      initialDelayMs: 0,
      durationMs: 60_000,
      minimumSamples: 1,
      minimumMeasurements: 1,
      passScore: 1,
      onInconclusive: { kind: 'extend', times: 2, else: 'pause' },
    },
  });
});

describe('rolling', () => {
  test.each([
    ['{}', { count: 1 }, { count: 1 }, { count: 0 }],
    ['{ batch: 2 }', { count: 2 }, { count: 2 }, { count: 0 }],
    ['{ maxSurge: 25%, maxUnavailable: 25% }', { percent: 100 }, { percent: 25 }, { percent: 25 }],
    ['{ maxSurge: 0, maxUnavailable: 1, batch: 1 }', { count: 1 }, { count: 0 }, { count: 1 }],
  ])('%s', async (options, batch, maxSurge, maxUnavailable) => {
    expect((await specOf(`strategy: { rolling: ${options} }`)).strategy).toMatchObject({
      batch,
      maxSurge,
      maxUnavailable,
    });
  });

  test('that could never move is refused', async () => {
    expect(await faults('strategy: { rolling: { maxSurge: 0 } }')).toEqual([
      'rolling.maxSurge: with 0 for both maxSurge and maxUnavailable nothing can move; allow one above the wanted number (maxSurge: 1), or one missing (maxUnavailable: 1)',
    ]);
    expect(await faults('strategy: { rolling: { batch: 0, maxSurge: 101%, maxUnavailable: -1 } }')).toEqual([
      'rolling.maxSurge: must be a whole number or a percentage of at most 100; write for example 2 or "25%"',
      'rolling.maxUnavailable: must be a whole number or a percentage; write for example 2 or "25%"',
    ]);
  });
});

test('blue-green: the router knows nothing of a revision without traffic, and a preview has a port of its own', async () => {
  const strategy =
    'strategy: { blue-green: { previewPort: 1, before: { metrics: [{ name: a, query: errorRate, failAbove: 1 }] } } }';
  expect(await faults(strategy)).toEqual([
    'blue-green.previewPort: is the port of service "a" too',
    'blue-green.before.metrics[0].source: the router knows nothing of a revision without traffic; measure it after the switch (after), or ask another metric source',
  ]);
});

describe('a service of an image', () => {
  test('needs neither path nor run', async () => {
    const yaml = `name: shop
services:
  db:
    image: postgres:17
    port: 5432
    containerPort: "5432"
    instances: 2
    limits: { cpus: 0.5, memory: 256Mi }
    volumes: ["data:/var/lib/data", "/srv/x:/x:ro", { source: more, target: /more }]
    affinity: user
`;
    const [db] = (await load({ 'slipway.yaml': yaml })).services;
    expect(db!.spec).toMatchObject({
      path: '',
      image: 'postgres:17',
      containerPort: 5432,
      instances: 2,
      limits: { cpus: 0.5, memoryBytes: 268_435_456 },
      volumes: [
        { source: 'data', target: '/var/lib/data', readOnly: false },
        { source: '/srv/x', target: '/x', readOnly: true },
        { source: 'more', target: '/more', readOnly: false },
      ],
      affinity: { cookie: 'user' },
    });
  });

  test('has nothing to build, and limits and volumes that make sense', async () => {
    expect(await faults('image: x, build: y, limits: { memory: lots }, volumes: [data]')).toEqual([
      'build: a service has image or build, not both; leave image out to have one made of path',
      'limits.memory: must be an amount of memory; write for example "256Mi" or "1Gi"',
      'volumes[0]: must be a volume; write for example "data:/var/lib/data" or "/srv/static:/static:ro"',
    ]);
  });
});

describe('lockstep', () => {
  test('is refused for what can not move together', async () => {
    const yaml = project(
      service('lockstep: g', 'a', 1),
      service('lockstep: g, strategy: recreate', 'b', 2),
      service('lockstep: g, strategy: rolling, dependsOn: [d]', 'c', 3),
      service('dependsOn: [a]', 'd', 4),
    );
    expect(await problemsOf({ 'slipway.yaml': yaml })).toEqual([
      'slipway.yaml:4:47 services.b.strategy: recreate stops before it starts, so it can not move in lockstep; use blue-green, rolling or canary, or leave lockstep out',
      'slipway.yaml:5:47 services.c.strategy: rolling can not move in lockstep with blue-green, the strategy of a; give all services of the group "g" the same kind of strategy',
      'slipway.yaml:5:66 services.c.dependsOn: needs service:d, which needs a service of the same lockstep group; put service:d into the group "g" too, or one of the services out of it',
    ]);
  });
});

describe('routers and metric sources', () => {
  const yaml = `name: shop
metricSources:
  prom: { use: prometheus, url: "\${env:PROM}", token: "\${secret:TOKEN}" }
  gone: { use: command }
environments:
  dev: { platform: local }
  prod:
    platform: { use: ssh, key: "\${secret:KEY}" }
    router: { use: haproxy, password: "\${secret:PASSWORD}" }
    metricSources: { prom: { url: http://b }, gone: null, own: { use: http } }
`;
  test("the environment's are laid over the project's, and secrets stay named", async () => {
    const { environment } = await load({ 'slipway.yaml': yaml }, { environment: 'prod' });
    expect(environment).toMatchObject({
      platform: { use: 'ssh', key: '${secret:KEY}' },
      router: { use: 'haproxy', password: '${secret:PASSWORD}' },
    });
    expect(environment.metricSources).toEqual({
      prom: { use: 'prometheus', url: 'http://b', token: '${secret:TOKEN}' },
      own: { use: 'http' },
    });
  });

  test('one that names an unset variable is missed only where a service asks it', async () => {
    const config = (source: string) => `name: shop
metricSources: { prom: { use: prometheus, url: "\${env:NOWHERE_SET}" } }
environments: { dev: { platform: local } }
services:
  web: { path: ., run: x, port: 80, strategy: { canary: { steps: [{ weight: 10, hold: 1m }],
    analysis: { metrics: [{ name: errors, source: ${source}, query: errorRate, failAbove: 0.1 }] } } } }
`;
    const { environment } = await load({ 'slipway.yaml': config('router') });
    expect(environment.metricSources).toEqual({});
    expect((await problemsOf({ 'slipway.yaml': config('prom') })).join()).toContain('NOWHERE_SET');
  });

  test('what a node gives can not be known where they are used', async () => {
    const config = `name: shop
environments: { dev: { router: { use: haproxy, at: "\${service:web.url}" } } }
metricSources: { router: { use: x }, prom: { use: x, url: "\${resource:a.b}" } }
`;
    expect(await problemsOf({ 'slipway.yaml': config })).toEqual([
      'slipway.yaml:2:48 environments.dev.router.at: "${service:web.url}" can not stand here; only properties and env can refer to it',
      'slipway.yaml:3:18 metricSources.router: is the name of the router itself; give it another name',
      'slipway.yaml:3:54 metricSources.prom.url: "${resource:a.b}" can not stand here; only properties and env can refer to it',
    ]);
  });
});
