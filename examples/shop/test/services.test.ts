import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { Socket } from 'node:net';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, ShopCopy } from './shop-copy.ts';

// The shop by itself, without Slipway: what a red deployment of it would otherwise leave in doubt.

const levels = ['smoke', 'e2e', 'full'] as const;
let shop: ShopCopy;

beforeAll(async () => {
  shop = new ShopCopy();
  expect(await shop.run('.', 'scripts/make-key.sh', { KEY_FILE: '.data/session-key' })).toMatchObject({ exitCode: 0 });
  const builds = await Promise.all(['backend', 'admin', 'marketing'].map((service) => shop.script(service, 'build')));
  for (const build of builds) expect(build, build.output).toMatchObject({ exitCode: 0 });
  expect(await shop.script('backend', 'migrate')).toMatchObject({ exitCode: 0 });
});

afterAll(() => shop[Symbol.asyncDispose]());

test('the session key is made once, found and dropped', async () => {
  const env = { KEY_FILE: '.data/other/session-key' };
  expect((await shop.run('.', 'scripts/find-key.sh', env)).exitCode).toBe(1);
  const made = JSON.parse((await shop.run('.', 'scripts/make-key.sh', env)).output) as { path: string };
  const key = readFileSync(made.path, 'utf8');
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  await shop.run('.', 'scripts/make-key.sh', env);
  expect(readFileSync(made.path, 'utf8')).toBe(key);
  expect(JSON.parse((await shop.run('.', 'scripts/find-key.sh', env)).output)).toEqual(made);
  for (const _ of ['drops it', 'is safe to repeat'])
    expect(await shop.run('.', 'scripts/drop-key.sh', env)).toMatchObject({ exitCode: 0 });
  expect(existsSync(made.path)).toBe(false);
});

test('migrations go up, back to a level, and nowhere when there is nothing to do', async () => {
  const env = { SLIPWAY_DATA_DIR: join(shop.directory, '.data/migrations') };
  const status = async () => (await shop.script('backend', 'migrate:status', env)).output.trim();
  expect(await status()).toBe('0');
  await shop.script('backend', 'migrate', env);
  await shop.script('backend', 'migrate', env);
  expect(await status()).toBe('2');
  await shop.script('backend', 'migrate:down', { ...env, SLIPWAY_MIGRATION_LEVEL: '1' });
  expect(await status()).toBe('1');
  await shop.script('backend', 'migrate:down', { ...env, SLIPWAY_MIGRATION_LEVEL: '1' });
  expect(await status()).toBe('1');
  await shop.script('backend', 'migrate:down', { ...env, SLIPWAY_MIGRATION_LEVEL: '0' });
  expect(await status()).toBe('0');
  const nowhere = await shop.script('backend', 'migrate:down', { ...env, SLIPWAY_MIGRATION_LEVEL: '7' });
  expect(nowhere).toMatchObject({ exitCode: 1, output: expect.stringContaining('no level 7') });
});

describe('backend', () => {
  test.each(levels)('passes its %s tests', async (level) => {
    const { url } = await shop.start('backend');
    const result = await shop.script('backend', level, { SLIPWAY_URL: url });
    expect(result, result.output).toMatchObject({ exitCode: 0 });
  });

  test('fails its tests when it is not there', async () => {
    const env = { SLIPWAY_URL: `http://127.0.0.1:${await freePort()}` };
    const results = await Promise.all(levels.map((level) => shop.script('backend', level, env)));
    for (const result of results) expect(result.exitCode).not.toBe(0);
  });

  test('is unhealthy without its tables', async () => {
    const { url } = await shop.start('backend', { SLIPWAY_DATA_DIR: join(shop.directory, '.data/empty') });
    const response = await fetch(new URL('/healthz', url));
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('no such table: products');
  });

  test('finishes a request that is under way when it is told to stop', async () => {
    const { url, server } = await shop.start('backend');
    const posting = request(new URL('/orders', url), { method: 'POST' });
    posting.write('{"product": "mug", ');
    const [socket] = (await once(posting, 'socket')) as [Socket];
    if (socket.connecting) await once(socket, 'connect');
    // A later connection was served, so this one was accepted.
    await expect.poll(async () => (await fetch(new URL('/healthz', url))).status, { timeout: 30_000 }).toBe(200);
    server.kill('SIGTERM');
    await expect.poll(() => fetch(url).catch(() => 'refused'), { timeout: 30_000 }).toBe('refused');
    posting.end('"quantity": 1, "customer": "patient"}');
    const [response] = (await once(posting, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(201);
    if (server.exitCode === null) await once(server, 'exit');
    expect(server.exitCode).toBe(0);
  });
});

describe('admin', () => {
  test.each(levels)('passes its %s tests beside a backend', async (level) => {
    const backend = await shop.start('backend');
    const { url } = await shop.start('admin', { BACKEND_URL: backend.url, BANNER: 'by hand' });
    const result = await shop.script('admin', level, { SLIPWAY_URL: url });
    expect(result, result.output).toMatchObject({ exitCode: 0 });
  });

  test('says which backend does not answer', async () => {
    const { url } = await shop.start('admin', { BACKEND_URL: `http://127.0.0.1:${await freePort()}` });
    expect((await fetch(url)).status).toBe(502);
    expect((await shop.script('admin', 'e2e', { SLIPWAY_URL: url })).exitCode).not.toBe(0);
  });
});

describe('marketing', () => {
  test.each(levels)('passes its %s tests on any web server', async (level) => {
    const types: Record<string, string> = { '.html': 'text/html', '.css': 'text/css' };
    const server = createServer((incoming, response) => {
      const path = incoming.url === '/' ? '/index.html' : (incoming.url ?? '');
      const file = join(shop.directory, 'services/marketing/dist', path);
      if (!existsSync(file)) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': types[extname(file)] ?? '' }).end(readFileSync(file));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const result = await shop.script('marketing', level, { SLIPWAY_URL: `http://127.0.0.1:${port}` });
    server.close();
    expect(result, result.output).toMatchObject({ exitCode: 0 });
  });
});
