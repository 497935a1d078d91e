import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { freePort } from '@slipway/provider-testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentStatus } from '../../src/agent/agent-control.ts';
import { localPlatform } from '../../src/platform/local-platform.ts';
import { get, health, Playground, SERVER } from '../agent/playground.ts';
import { until } from '../until.ts';

const { router } = localPlatform;
let ground: Playground;
beforeEach(() => {
  ground = new Playground();
});
afterEach(() => ground.close());

describe('a revision', () => {
  it('runs beside others without traffic, gets it, gives it back and goes without a trace', async () => {
    const port = await freePort();
    const preview = await ground.serve(ground.request('r1'));
    expect(await get(preview)).toMatch(/^r1 /);
    expect(await router.weights(ground.context(), 'web')).toEqual({});

    const { url } = await ground.route(port, { r1: 100 });
    await ground.serve(ground.request('r2'));
    expect(await get(url)).toMatch(/^r1 /);
    await ground.route(port, { r2: 100 });
    expect(await get(url)).toMatch(/^r2 /);
    expect(await router.weights(ground.context(), 'web')).toEqual({ r2: 100 });
    expect((await router.traffic(ground.context(), 'web')).r1).toMatchObject({ requests: 1, errors: 0 });
    const drain = { service: 'web', revision: 'r1', drainMs: 1_000 };
    expect(await router.drain(ground.context(), drain)).toEqual({ kind: 'drained' });

    const running = await localPlatform.list(ground.context());
    expect(running.map(({ revision, state, instances, weight }) => ({ revision, state, instances, weight }))).toEqual([
      { revision: 'r1', state: 'running', instances: 1, weight: 0 },
      { revision: 'r2', state: 'running', instances: 1, weight: 100 },
    ]);
    expect(await localPlatform.list(ground.context({ environment: 'other' }))).toEqual([]);

    for (const revision of ['r1', 'r2', 'r2'])
      await localPlatform.retire(ground.context(), { service: 'web', revision });
    await router.remove(ground.context(), 'web');
    await router.remove(ground.context(), 'web');
    expect(await localPlatform.list(ground.context())).toEqual([]);
    expect(await ground.processes()).toEqual([]);
    expect(readdirSync(join(ground.state, 'run/dev/web'))).toEqual([]);
    await expect(get(url)).rejects.toThrow();
  });

  it('is not doubled when it is staged again, and refused with other content', async () => {
    const request = ground.request('r1');
    const preview = await ground.serve(request);
    const answer = await get(preview);
    const [again, andAgain] = await Promise.all([
      localPlatform.stage(ground.context(), request),
      localPlatform.stage(ground.context(), request),
    ]);
    expect([again.preview, andAgain.preview]).toEqual([preview, preview]);
    expect(await get(preview)).toBe(answer);
    const other = { ...request, artifact: { ...request.artifact, digest: 'other' } };
    await expect(localPlatform.stage(ground.context(), other)).rejects.toMatchObject({ code: 'revision-conflict' });
    expect(await get(preview)).toBe(answer);
  });

  it('works on a copy: what it writes stays out of the artifact, its data outlives it', async () => {
    const run = 'echo x > written && echo kept > "$SLIPWAY_DATA_DIR/data" && exec node server.js';
    const request = ground.request('r1', { run });
    await ground.serve(request);
    expect(readdirSync(request.artifact.directory)).toEqual(['server.js']);
    await localPlatform.retire(ground.context(), request);
    expect(readFileSync(join(ground.state, 'data/dev/web/data'), 'utf8')).toBe('kept\n');
  });

  it('runs in its own folder of the artifact, and so do its health commands', async () => {
    const request = ground.request('r1', { path: 'services/web' }, { 'services/web/server.js': SERVER });
    const preview = await ground.serve(request);
    const folder = join(ground.state, 'run/dev/web/r1/services/web');
    expect(JSON.parse(await get(`${preview}/env`)).PWD).toBe(folder);
    const { http: _http, ...rest } = health;
    const check = { ...rest, command: `test "$PWD" = '${folder}'` };
    const target = { service: 'web', revision: 'r1', health: check };
    expect(await localPlatform.probe(ground.context(), target)).toEqual({ kind: 'healthy' });
  });

  it('is left nowhere when its artifact is gone', async () => {
    const request = ground.request('r1');
    const artifact = { ...request.artifact, directory: '/nowhere' };
    await expect(localPlatform.stage(ground.context(), { ...request, artifact })).rejects.toMatchObject({
      code: 'artifact-missing',
    });
    expect(await localPlatform.list(ground.context())).toEqual([]);
    await ground.serve(request);
  });

  it('starts anew with other values', async () => {
    const request = ground.request('r1');
    await ground.serve({ ...request, env: { COLOUR: 'red' } });
    const preview = await ground.serve({ ...request, env: { COLOUR: 'blue' } });
    expect(JSON.parse(await get(`${preview}/env`)).COLOUR).toBe('blue');
    expect(await ground.processes('r1')).toHaveLength(1);
  });
});

describe('a static site', () => {
  it('is served with and without traffic', async () => {
    const files = { 'dist/index.html': '<h1>hello</h1>' };
    const request = ground.request('s1', {}, files);
    const { run: _run, ...spec } = request.spec;
    const preview = await ground.serve({ ...request, spec: { ...spec, static: 'dist' } });
    expect(await get(preview)).toBe('<h1>hello</h1>');
    const port = await freePort();
    const { url } = await ground.route(port, { s1: 100 });
    expect(await get(url)).toBe('<h1>hello</h1>');
    await localPlatform.retire(ground.context(), request);
    await expect(get(preview)).rejects.toThrow();
  });
});

describe('probes', () => {
  it('connect, call and run commands, and say what was wrong', async () => {
    await ground.serve(ground.request('r1'));
    const probe = (check: object) => {
      const { http: _http, ...rest } = health;
      return localPlatform.probe(ground.context(), {
        service: 'web',
        revision: 'r1',
        health: { ...rest, timeoutMs: 30_000, ...check },
      });
    };
    expect(await probe({ tcp: true })).toEqual({ kind: 'healthy' });
    expect(await probe({ http: '/any' })).toEqual({ kind: 'healthy' });
    const command = `node -e 'fetch(process.env.SLIPWAY_URL).then(r => process.exit(r.ok ? 0 : 1))'`;
    expect(await probe({ command })).toEqual({ kind: 'healthy' });
    expect(await probe({ command: 'echo too bad; exit 3' })).toEqual({
      kind: 'unhealthy',
      reason: 'the health command exited with code 3\ntoo bad',
    });
    expect(await probe({ command: 'sleep 60', timeoutMs: 100 })).toMatchObject({ kind: 'unhealthy' });
    const nobody = { service: 'web', revision: 'r9', health };
    expect(await localPlatform.probe(ground.context(), nobody)).toMatchObject({ kind: 'unhealthy' });
  });

  it('tell an answer of 500, a silent service and one that does not listen', async () => {
    const server = (body: string) =>
      `require('node:http').createServer((q, r) => { ${body} }).listen(process.env.PORT)`;
    const check = async (revision: string, content: string) => {
      await localPlatform.stage(ground.context(), ground.request(revision, {}, { 'server.js': content }));
      const target = { service: 'web', revision, health: { ...health, timeoutMs: 500 } };
      let reason = '';
      await until(async () => {
        const result = await localPlatform.probe(ground.context(), target);
        reason = result.kind === 'healthy' ? 'healthy' : result.reason;
        return revision === 'deaf' || !/^nothing listens/.test(reason);
      });
      return reason;
    };
    expect(await check('broken', server('r.statusCode = 500; r.end()'))).toBe('/ answered 500');
    expect(await check('silent', server(''))).toBe('no answer within 500 ms');
    expect(await check('deaf', 'setInterval(() => {}, 1000)')).toMatch(/^nothing listens on 127.0.0.1:\d+$/);
  });
});

describe('a route', () => {
  it('is refused on a port that others hold, naming it, and leaves what was', async () => {
    await ground.serve(ground.request('r1'));
    const port = await freePort();
    const { url } = await ground.route(port, { r1: 100 });
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const taken = (other.address() as { port: number }).port;
    const moved = ground.route(taken, { r1: 100 });
    await expect(moved).rejects.toMatchObject({ code: 'port-in-use', message: expect.stringContaining(String(taken)) });
    other.close();
    expect(await get(url)).toMatch(/^r1 /);
    expect(await router.weights(ground.context(), 'web')).toEqual({ r1: 100 });
  });

  it('gives nothing to a revision that had it, went and comes back', async () => {
    const request = ground.request('r1');
    await ground.serve(request);
    const { url } = await ground.route(await freePort(), { r1: 100 });
    await localPlatform.retire(ground.context(), request);
    expect((await fetch(url)).status).toBe(503);
    await ground.serve(request);
    expect((await fetch(url)).status).toBe(503);
    expect(await router.weights(ground.context(), 'web')).toEqual({});
  });

  it('is refused for a revision that is not there', async () => {
    await expect(ground.route(await freePort(), { r1: 100 })).rejects.toMatchObject({ code: 'revision-unknown' });
    expect(await router.weights(ground.context(), 'web')).toEqual({});
  });
});

describe('secrets', () => {
  it('reach the process alone: not its arguments, no file, and nothing of the parent comes along', async () => {
    process.env.PARENTS_TOKEN = 'parents-own-secret';
    const request = { ...ground.request('r1'), env: { API_KEY: 'very-secret-value' } };
    const preview = await ground.serve(request);
    const env = JSON.parse(await get(`${preview}/env`));
    expect(env).toMatchObject({ API_KEY: 'very-secret-value', SLIPWAY_SERVICE: 'web', SLIPWAY_ENVIRONMENT: 'dev' });
    expect(env.PARENTS_TOKEN).toBeUndefined();
    delete process.env.PARENTS_TOKEN;

    const agent = readFileSync(`/proc/${await ground.agentPid()}/environ`, 'latin1');
    expect(agent).not.toContain('parents-own-secret');
    expect(agent).not.toContain('very-secret-value');
    const commands = (await ground.processes()).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
    expect(commands.join()).not.toContain('very-secret-value');
    for (const file of filesUnder(ground.state)) {
      expect(readFileSync(file).includes('very-secret-value'), file).toBe(false);
    }
    expect(statSync(join(ground.state, 'key')).mode & 0o777).toBe(0o600);
  });
});

describe('looking', () => {
  it('starts no agent where nothing runs', async () => {
    expect(await localPlatform.list(ground.context())).toEqual([]);
    expect(await router.weights(ground.context(), 'web')).toEqual({});
    expect(await agentStatus(ground.state)).toEqual({ kind: 'at-rest' });
    mkdirSync(join(ground.state, 'agent'));
    writeFileSync(join(ground.state, 'agent', 'agent.log'), '');
    expect(ground.agents()).toEqual([]);
  });
});

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
