import { freePort } from '@slipway/provider-testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Playground } from './playground.ts';

// One release, tried in one environment and brought out in another, with real servers and from outside.

let play: Playground;
let ports: { staging: number; production: number };

beforeEach(async () => {
  play = new Playground();
  ports = { staging: await freePort(), production: await freePort() };
  release('one');
  declare();
});
afterEach(async () => {
  await play.slipway('agent', 'stop', '-e', 'staging');
  play[Symbol.dispose]();
});

/** What the service answers with, besides the name of its environment. */
function release(word: string): void {
  play.write({
    'web/package.json': '{"type":"commonjs"}',
    'web/server.js': `const http = require('node:http');
const { WHERE, PORT } = process.env;
const server = http.createServer((_, answer) => answer.end('${word} in ' + WHERE));
server.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`,
  });
}

function declare(production = ''): void {
  play.write({
    'slipway.yaml': `name: demo
environments:
  staging: { platform: local, onFailure: stop, variables: { WHERE: staging } }
  production:
    platform: local
    variables: { WHERE: production }
    services: { web: { port: ${ports.production} } }
    ${production}
services:
  web:
    path: web
    build: node -e "require('fs').writeFileSync('built', String(process.hrtime.bigint()))"
    run: node server.js
    port: ${ports.staging}
    health: { http: /, interval: 50ms, timeout: 2s, healthyAfter: 1, deadline: 10s }
    strategy: blue-green
`,
  });
}

async function answer(environment: keyof typeof ports): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${ports[environment]}/`)).text();
}

async function run(...args: string[]) {
  const ended = await play.slipway(...args);
  return { ...ended, text: `${ended.stdout}${ended.stderr}` };
}

const toStaging = (ship: string) => run('deploy', '-e', 'staging', '--yes', '--ship', ship);
const promote = (...more: string[]) => run('deploy', '-e', 'production', '--from', 'staging', '--yes', ...more);

test('what runs in one environment is brought out in another, and taken back there', async () => {
  expect((await toStaging('v1')).code).toBe(0);
  release('not tried yet');
  const first = await promote();
  expect(first.text).toContain('from staging (version v1)');
  expect(first.code).toBe(0);
  expect([await answer('staging'), await answer('production')]).toEqual(['one in staging', 'one in production']);
  expect(await promote()).toMatchObject({ code: 0, text: expect.stringContaining('Nothing to do') });

  release('two');
  expect((await toStaging('v2')).code).toBe(0);
  const saved = await run('plan', '-e', 'production', '--from', 'staging', '--out', 'p.json', '--exit-code', '--json');
  expect(saved.code).toBe(6);
  expect(JSON.parse(saved.stdout)).toMatchObject({
    ship: 'v2',
    from: { environment: 'staging', versions: { web: 'v2' } },
    changes: [{ action: 'update', reasons: [{ path: 'version', before: 'v1', after: 'v2' }, { path: 'source' }] }],
  });
  expect((await run('deploy', '-e', 'production', '--plan', 'p.json', '--from', 'staging')).code).toBe(2);
  const applied = await run('deploy', '-e', 'production', '--plan', 'p.json', '--yes', '--json');
  expect(JSON.parse(applied.stdout)).toMatchObject({
    status: 'completed',
    ship: 'v2',
    from: { environment: 'staging' },
  });
  expect(await answer('production')).toBe('two in production');
  const { id } = JSON.parse(applied.stdout);
  expect((await run('show', id)).text).toContain('from staging (version v2)');

  expect((await run('rollback', '-e', 'production', '--yes')).code).toBe(0);
  expect([await answer('staging'), await answer('production')]).toEqual(['two in staging', 'one in production']);
  expect((await run('audit', 'verify')).code).toBe(0);
});

test('what can not be promoted is refused, and says why', async () => {
  const never = await promote();
  expect(never).toMatchObject({ code: 5, text: expect.stringContaining('Nothing was ever deployed to staging') });
  expect((await promote('--ship', 'v1')).code).toBe(2);
  expect((await promote('--changed-since', 'HEAD')).code).toBe(2);
  expect((await run('plan', '-e', 'production', '--from', 'production')).code).toBe(2);
  const unknown = await run('plan', '-e', 'production', '--from', 'stagin');
  expect(unknown).toMatchObject({ code: 2, text: expect.stringContaining('id you mean "staging"') });

  expect((await toStaging('v1')).code).toBe(0);
  play.write({ 'web/server.js': 'process.exit(1)' });
  expect((await toStaging('v2')).code).toBe(1);
  const failed = await promote();
  expect(failed).toMatchObject({ code: 5, text: expect.stringContaining('There runs: web (version v1)') });
  await expect(answer('production')).rejects.toThrow();
});

test('an environment with promoteFrom takes nothing else', async () => {
  declare('promoteFrom: staging');
  expect((await toStaging('v1')).code).toBe(0);
  release('not tried yet');
  expect(await run('deploy', '-e', 'production', '--yes', '--ship', 'v9')).toMatchObject({
    code: 5,
    text: expect.stringContaining('production takes only releases that passed in staging'),
  });
  const promoted = await run('deploy', '-e', 'production', '--yes');
  expect(promoted).toMatchObject({ code: 0, text: expect.stringContaining('from staging (version v1)') });
  expect(await answer('production')).toBe('one in production');
});
