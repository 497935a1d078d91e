import { afterEach, beforeEach, expect, test } from 'vitest';
import { Playground } from './playground.ts';

// Configs that are valid as far as anybody can see, and can't work.

let play: Playground;
beforeEach(() => {
  play = new Playground();
});
afterEach(() => play[Symbol.dispose]());

test('a config that never ends is said, in JSON too, and has not succeeded', async () => {
  play.write({ 'slipway.config.ts': 'await new Promise(() => {});\nexport default {};\n' });
  const { code, stdout, stderr } = await play.slipway('validate', '--json');
  expect(code).toBe(1);
  expect(stderr).toContain('[unfinished]');
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'unfinished' } });
});

test('a config that ends the process is a bad config, and says where', async () => {
  play.write({ 'slipway.config.ts': 'process.exit(0);\nexport default {};\n' });
  const { code, stdout, stderr } = await play.slipway('validate', '--json');
  expect(code).toBe(2);
  expect(stderr).toContain('slipway.config.ts:1:9: ends the process: process.exit(0)');
  expect(JSON.parse(stdout)).toMatchObject({ error: { problems: [{ file: 'slipway.config.ts', line: 1 }] } });
});

const LATER = `export default {
  name: 'demo',
  environments: { dev: {} },
  resources: { slow: { type: 'local:command', create: 'echo begun; sleep 30; echo {}', find: 'exit 1', delete: 'true' } },
};
const { existsSync } = await import('node:fs');
setInterval(() => { if (existsSync('now')) LEAVE; }, 20);
`;

test.each([
  ['ends the process', 'process.exit(0)', 'ended-early', 'exit code 0'],
  ['throws where nobody can catch it', "throw new Error('oh no')", 'unexpected', 'oh no'],
])('a config that %s later: the deployment has not succeeded', async (_, leave, errorCode, said) => {
  play.write({ 'slipway.config.ts': LATER.replace('LEAVE', leave), 'package.json': '{"type":"module"}' });
  const run = play.start(['deploy', '--yes', '--json']);
  await run.printed('begun');
  play.write({ now: '' });
  const { code, stdout, stderr } = await run.ended;
  expect(code).toBe(1);
  expect(stderr).toContain(`[${errorCode}]`);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: errorCode, message: expect.stringContaining(said) } });
});

test('a service whose path holds nothing is refused by plan, with the path', async () => {
  play.write({
    'slipway.yaml': `name: demo
environments: { dev: { platform: local } }
services:
  web: { path: srevices/web, run: node server.js, port: 4000 }
`,
    'services/web/server.js': '',
  });
  const { code, stderr } = await play.slipway('plan');
  expect(stderr).toContain('There is no file of service:web under srevices/web.');
  expect(stderr).toContain('services.web.path');
  expect(code).toBe(2);
});
