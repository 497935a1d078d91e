import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { edits } from '../walk/edits.ts';
import { ShopCopy } from './shop-copy.ts';

// Each edit of the walk-through must break exactly what it says, where it says, and be taken back wholly.

let shop: ShopCopy;
const walk = (name: string) => shop.run('.', `node walk/walk.ts ${name}`);

beforeEach(() => {
  shop = new ShopCopy();
});
afterEach(() => shop[Symbol.asyncDispose]());

function tree(): Record<string, string> {
  const files = readdirSync(shop.directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((file) => [join(file.parentPath, file.name), readFileSync(join(file.parentPath, file.name), 'utf8')]),
  );
}

test.each(Object.keys(edits))('%s changes the tree, and restore takes it back', async (name) => {
  const before = tree();
  expect(await walk(name)).toMatchObject({ exitCode: 0 });
  expect(tree()).not.toEqual(before);
  expect((await walk('restore')).output).toBe(`Restored: ${name}.\n`);
  expect(tree()).toEqual(before);
});

test('restore can take back one of two', async () => {
  await walk('change-marketing');
  const before = tree();
  await walk('break-build');
  expect((await walk('restore break-build')).output).toBe('Restored: break-build.\n');
  expect(tree()).toEqual(before);
});

test('break-build ends in the build, with the file', async () => {
  await walk('break-build');
  const build = await shop.script('backend', 'build');
  expect(build).toMatchObject({ exitCode: 1, output: expect.stringContaining('src/orders.ts') });
});

test('break-health compiles and migrates, and is unhealthy', async () => {
  await walk('break-health');
  await shop.run('.', 'scripts/make-key.sh', { KEY_FILE: '.data/session-key' });
  expect(await shop.script('backend', 'build')).toMatchObject({ exitCode: 0 });
  expect(await shop.script('backend', 'migrate')).toMatchObject({ exitCode: 0 });
  const { url } = await shop.start('backend');
  expect((await fetch(new URL('/healthz', url))).status).toBe(503);
});

test('break-after-migration is healthy and fails e2e; the old revision runs on, before and after the way back', async () => {
  await shop.run('.', 'scripts/make-key.sh', { KEY_FILE: '.data/session-key' });
  await shop.script('backend', 'build');
  await shop.script('backend', 'migrate');
  const old = await shop.start('backend');

  await walk('break-after-migration');
  await shop.script('backend', 'build');
  await shop.script('backend', 'migrate');
  const broken = await shop.start('backend');
  expect((await fetch(new URL('/healthz', broken.url))).status).toBe(200);
  expect((await shop.script('backend', 'e2e', { SLIPWAY_URL: broken.url })).exitCode).not.toBe(0);
  expect(await shop.script('backend', 'e2e', { SLIPWAY_URL: old.url })).toMatchObject({ exitCode: 0 });

  expect((await shop.script('backend', 'migrate:status')).output).toBe('3\n');
  await shop.script('backend', 'migrate:down', { SLIPWAY_MIGRATION_LEVEL: '2' });
  expect((await shop.script('backend', 'migrate:status')).output).toBe('2\n');
  expect(await shop.script('backend', 'e2e', { SLIPWAY_URL: old.url })).toMatchObject({ exitCode: 0 });
});
