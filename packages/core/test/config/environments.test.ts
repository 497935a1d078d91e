import { describe, expect, test } from 'vitest';
import { validateProject } from '../../src/config/load-project.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { failureOf, load, problemsOf } from './load.ts';
import { projectFolder } from './project-folder.ts';
import { configRegistry } from './registry.ts';

const CONFIG = `
name: shop
limits: { overall: 4, providers: { local: 2 } }
variables: { LOG: info, REGION: eu, PORT: 8080 }
environments:
  dev:
    onFailure: rollback
    timeout: 1h30m
    protected: true
    tests: none
    limits: { overall: 8, types: { 'local:command': 1 } }
    variables: { LOG: debug, WHERE: "\${var:REGION}-dev", HOST: "\${env:HOST:-localhost}" }
    services:
      web: { env: { EXTRA: 1 }, strategy: recreate, health: { http: /ok }, migrations: null, run: null, static: dist }
      admin: null
      lab: { path: lab, run: x, port: "\${var:PORT}" }
    resources:
      key: { content: "\${var:WHERE}", protect: false, tags: { only: dev } }
      old: null
  prod:
    platform: { use: cloud, zone: "\${env:ZONE}" }
resources:
  key: { type: local:file, path: key, content: base, protect: true, tags: { team: a } }
  old: { type: core:value, input: 1 }
services:
  web:
    path: ./services/web/
    run: x
    port: 80
    env: { LOG: mine, EXTRA: 2 }
    strategy: { blue-green: { drain: 5s, keepOld: false } }
    health: { tcp: true, interval: 5s }
    migrations: { up: x, forwardOnly: true }
  admin: { path: admin, run: x, port: 81, dependsOn: [web] }
`;
const files = { 'slipway.yaml': CONFIG };

describe('a variable that is null', () => {
  const config = (web: string, dev: string, extended = '') => ({
    'slipway.yaml': `name: shop
${extended}
variables: { REGION: eu, LOG: info }
environments: { dev: { services: { web: { env: ${dev} } } } }
services: { web: { path: web, run: x, port: 80, env: ${web} } }
`,
  });
  const envOf = async (of: Record<string, string>) => (await load(of, { environment: 'dev' })).services[0]!.spec.env;

  test('is not set, whether the service, an environment or the project set it', async () => {
    expect(await envOf(config('{ OWN: a, REGION: null }', '{}'))).toEqual({ OWN: 'a', LOG: 'info' });
    expect(await envOf(config('{ OWN: a, LOG: mine }', '{ OWN: null, LOG: null, REGION: null, MORE: 1 }'))).toEqual({
      MORE: '1',
    });
    const base = { 'base.yaml': 'services: { web: { env: { OWN: below } } }\n' };
    expect(await envOf({ ...config('{ OWN: null }', '{}', 'extends: ./base.yaml'), ...base })).toEqual({
      REGION: 'eu',
      LOG: 'info',
    });
  });

  test('is set again by what is laid over it', async () => {
    expect(await envOf(config('{ REGION: null }', '{ REGION: us }'))).toEqual({ REGION: 'us', LOG: 'info' });
  });
});

describe('an environment', () => {
  test('lays its block over the nodes of the same name', async () => {
    const { services, resources } = await load(files, { environment: 'dev' });
    expect(services.map(({ name }) => name)).toEqual(['web', 'lab']);
    expect(services[0]?.spec).toEqual({
      path: 'services/web',
      static: 'dist',
      port: 80,
      env: { LOG: 'mine', REGION: 'eu', PORT: '8080', WHERE: 'eu-dev', HOST: 'localhost', EXTRA: '1' },
      health: {
        http: '/ok',
        intervalMs: 5_000,
        timeoutMs: 2_000,
        healthyAfter: 2,
        unhealthyAfter: 3,
        deadlineMs: 60_000,
      },
      tests: {},
      strategy: { kind: 'recreate' },
      stopGraceMs: 10_000,
    });
    expect(services[1]?.spec.port).toBe(8080);
    expect(resources).toMatchObject([
      { name: 'key', properties: { path: 'key', content: 'eu-dev' }, protect: false, tags: { team: 'a', only: 'dev' } },
    ]);
  });

  test('has settings of its own over those of the project', async () => {
    const { environment } = await load(files, { environment: 'dev', variables: { HOST: 'example.org' } });
    expect(environment).toEqual({
      name: 'dev',
      platform: { use: 'local' },
      metricSources: {},
      onFailure: 'rollback',
      protected: true,
      tests: 'none',
      timeoutMs: 5_400_000,
      limits: { overall: 8, providers: { local: 2 }, types: { 'local:command': 1 } },
      variables: { LOG: 'debug', REGION: 'eu', PORT: '8080', WHERE: 'eu-dev', HOST: 'example.org' },
      unsupported: [],
    });
  });

  test('needs its own environment variables and nobody else’s', async () => {
    await load(files, { environment: 'dev' });
    expect(await problemsOf(files, { environment: 'prod' })).toEqual([
      'slipway.yaml:21:29 environments.prod.platform.zone: the environment variable ZONE is not set; set it, or give a default: ${env:ZONE:-…}',
    ]);
    const { environment, services } = await load(files, { environment: 'prod', variables: { ZONE: 'z1' } });
    expect(environment.platform).toEqual({ use: 'cloud', zone: 'z1' });
    expect(services.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
      ['web', []],
      ['admin', ['service:web']],
    ]);
    expect(services[0]?.spec).toMatchObject({
      run: 'x',
      health: { tcp: true },
      migrations: { up: 'x', forwardOnly: true },
      strategy: { kind: 'blue-green', drainMs: 5_000, keepOld: false },
    });
  });

  test('says that a dependency was removed there', async () => {
    const config = `name: a
environments: { dev: { services: { web: null } }, prod: {} }
services:
  web: { path: web, run: x, port: 80 }
  admin: { path: admin, run: x, port: 81, dependsOn: [web] }
`;
    expect(await problemsOf({ 'slipway.yaml': config }, { environment: 'dev' })).toEqual([
      'slipway.yaml:5:55 services.admin.dependsOn[0]: there is no resource or service "web"; environment "dev" removes it',
    ]);
    await load({ 'slipway.yaml': config }, { environment: 'prod' });
  });

  test('is the only one, or has to be named', async () => {
    expect((await load({ 'slipway.yaml': 'name: a' })).environment).toMatchObject({
      name: 'dev',
      platform: { use: 'local' },
    });
    expect((await load({ 'slipway.yaml': 'name: a\nenvironments: { lab: }' })).environment.name).toBe('lab');
    expect(await failureOf(() => load(files))).toMatchObject({
      code: 'environment-required',
      hint: 'Use --env NAME. Environments: dev, prod.',
    });
    expect(await failureOf(() => load(files, { environment: 'production' }))).toMatchObject({
      code: 'environment-unknown',
      subject: 'production',
      hint: 'Did you mean "prod"? Environments: dev, prod.',
    });
    expect(await failureOf(() => load(files, { environment: 'constructor' }))).toMatchObject({
      code: 'environment-unknown',
    });
  });
});

describe('validation of all environments', () => {
  test('says each problem once and asks for no environment variable', async () => {
    const config = `name: a
environments:
  dev: { services: { web: { prot: 1 } } }
  prod: { variables: { A: "\${env:UNSET}" }, services: { web: { port: "\${env:UNSET}" } } }
services:
  web: { path: web, run: x, port: 80, helth: { http: / } }
`;
    await using folder = await projectFolder({ 'slipway.yaml': config });
    const checked = await validateProject({ directory: folder.directory, registry: configRegistry(), variables: {} });
    expect(checked.environments).toEqual(['dev', 'prod']);
    expect(checked.problems.map(formatProblem)).toEqual([
      'slipway.yaml:3:29 environments.dev.services.web.prot: unknown key; did you mean "port"?',
      'slipway.yaml:6:39 services.web.helth: unknown key; did you mean "health"?',
    ]);
  });
});

describe('references', () => {
  test('make dependencies beside the declared ones, sorted, each once', async () => {
    const config = `name: a
variables: { DB: "\${resource:db.url}" }
resources:
  db: { type: core:value, input: { from: "\${service:web.url}", secret: "\${secret:KEY}" } }
  file: { type: local:file, path: x, content: "\${resource:db.a} \${resource:db.b}", mode: "\${resource:db.mode}", dependsOn: [db, service:web] }
services:
  web: { path: web, run: "echo $\${env:X} \${HOME}", port: 80, env: { LITERAL: "$\${secret:X}" }, dependsOn: [file] }
`;
    const { resources, services } = await load({ 'slipway.yaml': config });
    expect(resources.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
      ['db', ['service:web']],
      ['file', ['resource:db', 'service:web']],
    ]);
    expect(resources[1]?.properties).toEqual({
      path: 'x',
      content: '${resource:db.a} ${resource:db.b}',
      mode: '${resource:db.mode}',
    });
    expect(services[0]?.dependsOn).toEqual(['resource:db', 'resource:file']);
    // What nobody resolves later is unescaped now; the rest where it leaves Slipway.
    expect(services[0]?.spec.run).toBe('echo ${env:X} ${HOME}');
    expect(services[0]?.spec.env).toEqual({ DB: '${resource:db.url}', LITERAL: '$${secret:X}' });
  });

  test('never come out of an environment variable', async () => {
    const config = 'name: a\nresources: { x: { type: core:value, input: "${env:TEXT}" } }';
    const { resources } = await load({ 'slipway.yaml': config }, { variables: { TEXT: '${secret:STOLEN}' } });
    expect(resources[0]?.properties.input).toBe('$${secret:STOLEN}');
  });
});
