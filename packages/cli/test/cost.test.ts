import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { renderCost, renderPlanCost } from '../src/render/cost.ts';
import { Playground } from './playground.ts';
import { plainLook } from './samples.ts';

let play: Playground;
beforeEach(() => {
  play = new Playground();
});
afterEach(() => play[Symbol.dispose]());

/** With the provider in memory, whose things have prices. */
async function slipway(...args: string[]) {
  const preload = pathToFileURL(join(import.meta.dirname, 'priced-providers.ts')).href;
  return await play.start(args, { NODE_OPTIONS: `--import ${preload}` }).ended;
}

function declare(resources: Record<string, unknown>, more: Record<string, unknown> = {}): void {
  play.write({ 'slipway.yaml': JSON.stringify({ name: 'shop', environments: { dev: {} }, resources, ...more }) });
}

const priced = (amount: number, currency = 'EUR') => ({ type: 'memory:thing', price: { amount, currency } });
const word = { type: 'core:value', input: 1 };
const dark = { type: 'local:command', create: 'echo {}', delete: 'true' };

test('a plan says what it makes of the cost, and cost what is recorded, whatever the config says', async () => {
  declare({ db: priced(12), word, dark });
  expect((await slipway('plan')).stdout).toMatch(/^cost: 0.00 → 12.00 EUR a month, 1 not known$/m);
  expect((await slipway('deploy', '--yes')).stdout).toContain('completed');
  expect((await slipway('plan')).stdout).toMatch(/^cost: 12.00 EUR a month, 1 not known$/m);
  declare({ db: priced(30), word, dark, cdn: priced(1200, 'USD') });
  const plan = await slipway('plan');
  expect(plan.stdout).toMatch(/^cost: 12.00 → 30.00 EUR, 0.00 → 1,200.00 USD a month, 1 not known$/m);
  expect(JSON.parse((await slipway('plan', '--json')).stdout)).toMatchObject({
    version: 1,
    cost: {
      monthly: [
        { currency: 'EUR', before: 12, after: 30 },
        { currency: 'USD', before: 0, after: 1200 },
      ],
      unknown: ['resource:dark'],
    },
  });
  play.write({ 'slipway.yaml': 'name: [' });
  const { code, stdout, stderr } = await slipway('cost', '-e', 'dev');
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([
    'ADDRESS        TYPE           A MONTH',
    'resource:dark  local:command  not known',
    'resource:db    memory:thing   12.00 EUR',
    'resource:word  core:value     0',
    '',
    'total: 12.00 EUR a month, 1 not known',
    '',
  ]);
  expect(code).toBe(0);
  const json = await slipway('cost', '--json');
  expect(JSON.parse(json.stdout)).toEqual({
    version: 1,
    environment: 'dev',
    items: [
      { address: 'resource:dark', type: 'local:command', monthly: null },
      { address: 'resource:db', type: 'memory:thing', monthly: [{ amount: 12, currency: 'EUR' }] },
      { address: 'resource:word', type: 'core:value', monthly: [] },
    ],
    monthly: [{ amount: 12, currency: 'EUR' }],
    unknown: ['resource:dark'],
  });
  expect(json.code).toBe(0);
});

test('what runs on this machine costs nothing, and a plan of it keeps quiet', async () => {
  declare({ word, note: { type: 'local:file', path: 'note.txt', content: 'x' } });
  expect(await play.slipway('cost')).toMatchObject({
    code: 0,
    stdout: 'Nothing is recorded for dev, so nothing is known to cost anything.\n',
  });
  expect((await play.slipway('plan')).stdout).not.toContain('cost');
  expect(JSON.parse((await play.slipway('plan', '--json')).stdout)).not.toHaveProperty('cost');
  await play.slipway('deploy', '--yes');
  const { stdout } = await play.slipway('cost');
  expect(stdout).toMatch(/^resource:note +local:file +0$/m);
  expect(stdout).toMatch(/^total: 0 a month$/m);
});

test('a service on this machine costs nothing, which is known', async () => {
  play.write({ 'site/index.html': 'hello' });
  declare({ db: priced(12) }, { services: { site: { path: 'site', static: '.', port: 4711 } } });
  expect((await slipway('plan')).stdout).toMatch(/^cost: 0.00 → 12.00 EUR a month$/m);
});

test('amounts have the decimals of their currency, and a service says where it runs', () => {
  const cost = {
    monthly: [
      { currency: 'EUR', before: 0.004, after: 1234567.895 },
      { currency: 'JPY', before: 1500, after: 0 },
    ],
    unknown: [],
  };
  expect(renderPlanCost(cost, plainLook)).toEqual(['cost: <0.01 → 1,234,567.90 EUR, 1,500 → 0 JPY a month']);
  const money = [{ amount: 5, currency: 'CHF' }];
  const item = { address: 'service:web', type: 'service', platform: 'local', monthly: money } as const;
  const lines = renderCost({ environment: 'dev', items: [item], monthly: money, unknown: [] }, plainLook);
  expect(lines.slice(1)).toEqual(['service:web  service (local)  5.00 CHF', '', 'total: 5.00 CHF a month']);
});
