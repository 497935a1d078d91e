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
