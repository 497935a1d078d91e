import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Shop } from '../../../tests/crash/shop/shop.ts';

// The README's walk, as a person types it: every command, every exit code, and what the shop says from outside.

const bin = join(import.meta.dirname, '../../../packages/cli/bin/slipway.js');
const parent = realpathSync(mkdtempSync(join(tmpdir(), 'shop-walk-')));
let shop: Shop;

beforeAll(async () => {
  shop = await Shop.copy(join(parent, 'shop'), Math.random);
  // The README breaks a health check and waits for the deadline; here a shorter one will do.
  const config = join(shop.directory, 'slipway.config.ts');
  writeFileSync(config, readFileSync(config, 'utf8').replaceAll("deadline: '15s'", "deadline: '8s'"));
});
afterAll(async () => {
  await slipway('agent', 'stop');
  rmSync(parent, { recursive: true, force: true });
});

interface Ended {
  code: number;
  said: string;
}

function run(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: shop.directory }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, said: stdout + stderr });
    });
  });
}

const slipway = (...args: string[]) => run([bin, ...args]);
const deploy = () => slipway('deploy', '-e', 'lab', '--yes', '--tests', 'e2e');
const walk = (name: string) => run(['walk/walk.ts', name]);
const page = async (service: keyof Shop['ports'], path = '/') =>
  await (await fetch(`http://127.0.0.1:${shop.ports[service]}${path}`)).text();
const stepsOf = (said: string) => new Set([...said.matchAll(/✔ (service:\w+)\//g)].map((match) => match[1]));

test('deploy, stop and deploy, change, three breaks, roll back, destroy', { timeout: 180_000 }, async () => {
  expect(await deploy()).toMatchObject({ code: 0 });
  expect(await page('marketing')).toContain('Made for wet hands');
  const version = await page('backend', '/version');
  expect(await deploy()).toMatchObject({ code: 0, said: expect.stringContaining('Nothing to do') });

  expect(await slipway('agent', 'stop')).toMatchObject({ code: 0, said: expect.stringContaining('slipway deploy') });
  await expect(page('backend', '/version')).rejects.toThrow();
  const back = await deploy();
  expect(back.code).toBe(0);
  expect(stepsOf(back.said)).toEqual(new Set(['service:backend', 'service:admin', 'service:marketing']));
  expect(await page('backend', '/version')).toBe(version);
  expect(await page('marketing')).toContain('Made for wet hands');

  await walk('change-marketing');
  const changed = await deploy();
  expect(changed.code).toBe(0);
  expect(stepsOf(changed.said)).toEqual(new Set(['service:marketing']));
  expect(await page('marketing')).toContain('Made for wet winters');

  for (const [name, says] of [
    ['break-build', 'src/orders.ts does not compile'],
    ['break-health', '/healthz answered 503'],
    ['break-after-migration', 'POST /orders'],
  ] as const) {
    await walk(name);
    const broken = await deploy();
    expect(broken).toMatchObject({ code: 3, said: expect.stringContaining(says) });
    await run(['walk/walk.ts', 'restore', name]);
    expect(await page('backend', '/version')).toBe(version);
  }

  await walk('change-brand');
  const branded = await deploy();
  expect(stepsOf(branded.said)).toEqual(new Set(['service:admin', 'service:marketing']));
  expect(await page('marketing')).toContain('Small things for sturdy boats.');
  expect(await slipway('rollback', '-e', 'lab', '--yes')).toMatchObject({ code: 0 });
  expect(await page('marketing')).toContain('Sturdy things for small boats.');
  expect(await page('marketing')).toContain('Made for wet winters');

  expect(await slipway('audit', 'verify')).toMatchObject({ code: 0 });
  expect(await slipway('destroy', '-e', 'lab', '--yes')).toMatchObject({ code: 0 });
  await expect(page('backend')).rejects.toThrow();
});
