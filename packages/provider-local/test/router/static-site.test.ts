import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../until.ts';
import { call, startRouter } from './parts.ts';

async function site(files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-site-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, content);
    await utimes(path, 1_700_000_000, 1_700_000_000);
  }
  return directory;
}

async function serve(files: Record<string, string>) {
  const directory = await site(files);
  const router = startRouter();
  const { port } = await router.setRoute({
    key: 's',
    port: 0,
    backends: { v1: [{ kind: 'static', slot: 0, directory }] },
    weights: { v1: 1 },
  });
  return { router, port, directory };
}

test('serves a folder: index, pages without extension, types, ranges, HEAD, 404, and counts it all', async () => {
  const { port, router } = await serve({ 'index.html': 'home', 'about.html': 'about us', 'a/b.css': 'body{}' });
  expect(await call(port)).toMatchObject({
    status: 200,
    body: 'home',
    headers: { 'content-type': 'text/html; charset=utf-8' },
  });
  expect((await call(port, { path: '/about?x=1' })).body).toBe('about us');
  expect((await call(port, { path: '/a/b.css' })).headers['content-type']).toBe('text/css; charset=utf-8');
  expect(await call(port, { path: '/about.html', headers: { Range: 'bytes=0-4' } })).toMatchObject({
    status: 206,
    body: 'about',
  });
  expect(await call(port, { path: '/about.html', headers: { Range: 'bytes=5-2' } })).toMatchObject({ status: 416 });
  expect(await call(port, { method: 'HEAD' })).toMatchObject({
    status: 200,
    body: '',
    headers: { 'content-length': '4' },
  });
  expect((await call(port, { path: '/none' })).status).toBe(404);
  expect(await call(port, { method: 'POST' })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  await until(() => router.traffic('s').v1?.open === 0);
  expect(router.traffic('s').v1).toMatchObject({ requests: 8, errors: 0 });
  expect(router.traffic('s').v1?.latency.p50).toBeGreaterThan(0);
});

test('gives nothing from outside the folder and no dotfiles, except what is well known', async () => {
  const { port } = await serve({
    'index.html': 'home',
    '.env': 'SECRET',
    '.well-known/security.txt': 'mailto:',
    '.git/config': 'x',
  });
  const outside = [
    '/../../../../etc/passwd',
    '/..%2f..%2f..%2f..%2fetc/passwd',
    '/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
  ];
  const hidden = [
    '/.env',
    '/%2eenv',
    '/.git/config',
    '/.well-known/../.env',
    '/.well-known/%2e%2e/.env',
    '/.well-known/..%2f.env',
  ];
  for (const path of [...outside, ...hidden]) {
    const { status, body } = await call(port, { path });
    expect(status, path).toBeGreaterThanOrEqual(400);
    expect(body).not.toMatch(/root:|SECRET/);
  }
  expect((await call(port, { path: '/.well-known/security.txt' })).body).toBe('mailto:');
});

test('a tag is valid for its own release only, even when size and time of the file are the same', async () => {
  const { port, router } = await serve({ 'index.html': 'v1' });
  const tag = (await call(port)).headers.etag ?? '';
  expect(await call(port, { headers: { 'If-None-Match': tag } })).toMatchObject({
    status: 304,
    headers: { etag: tag },
  });
  const next = await site({ 'index.html': 'v2' });
  await router.setRoute({
    key: 's',
    port,
    backends: { v2: [{ kind: 'static', slot: 0, directory: next }] },
    weights: { v2: 1 },
  });
  const since = new Date(1_800_000_000_000).toUTCString();
  expect(await call(port, { headers: { 'If-None-Match': tag } })).toMatchObject({ status: 200, body: 'v2' });
  expect(await call(port, { headers: { 'If-Modified-Since': since } })).toMatchObject({ status: 200, body: 'v2' });
});

test('survives a folder that vanishes and a client that goes away', async () => {
  const { port, router, directory } = await serve({ 'index.html': 'home', 'large.bin': 'x'.repeat(20_000_000) });
  const leaving = request({ host: '127.0.0.1', port, path: '/large.bin', agent: false }).end();
  leaving.on('error', () => {});
  await new Promise<void>((resolve) =>
    leaving.on('response', (answer) => answer.once('data', () => resolve(void leaving.destroy()))),
  );
  await until(() => router.traffic('s').v1?.open === 0);
  await rm(join(directory, 'index.html'));
  expect((await call(port)).status).toBe(404);
});

test('refuses a folder that is not there, and leaves the route alone', async () => {
  const { port, router } = await serve({ 'index.html': 'home' });
  const missing = { kind: 'static', slot: 0, directory: join(tmpdir(), 'slipway-no-such-folder') } as const;
  await expect(
    router.setRoute({ key: 's', port, backends: { v2: [missing] }, weights: { v2: 1 } }),
  ).rejects.toMatchObject({
    code: 'route-invalid',
  });
  expect((await call(port)).body).toBe('home');
});
