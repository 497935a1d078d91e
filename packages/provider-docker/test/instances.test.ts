import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@slipway/provider-testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { dockerPlatform } from '../src/docker-platform.ts';
import { DockerStand, docker, serving } from './docker-stand.ts';

describe.skipIf(!requirePart('docker'))('instances', () => {
  let stand: DockerStand;
  beforeEach(async () => {
    stand = await DockerStand.open();
  });
  afterEach(() => stand.close());

  test('are held to their limits, restarted, ended in time, and say who they are', async () => {
    const spec = { limits: { cpus: 0.5, memoryBytes: 128 * 1024 * 1024 }, stopGraceMs: 3_500, containerPort: 8123 };
    await stand.serve(stand.request({ spec }));
    const [id] = await stand.containers();
    const { Config, HostConfig, Name } = (await stand.inspect(id)) as Record<string, Record<string, unknown>>;
    expect(HostConfig).toMatchObject({
      NanoCpus: 500_000_000,
      Memory: 134_217_728,
      RestartPolicy: { Name: 'always' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '4' } },
      Init: true,
    });
    expect(Config).toMatchObject({ StopTimeout: 4, Env: expect.arrayContaining(['PORT=8123']) });
    expect(Config!.Labels).toMatchObject({
      'slipway.project': stand.project,
      'slipway.environment': 'test',
      'slipway.service': 'web',
      'slipway.revision': 'r1',
      'slipway.slot': '0',
      'slipway.epoch': '1',
      'slipway.record': '{"id":"r1"}',
    });
    expect(Name).toBe(`/${stand.project}.test.web.r1.0`);
  });

  test('are given all of their grace to end', async () => {
    const run = "trap 'sleep 12; exit 0' TERM; while true; do sleep 0.1; done";
    const request = stand.request({ spec: { run, stopGraceMs: 30_000 } });
    await dockerPlatform.stage(stand.context(), request);
    const [id] = await stand.containers();
    const ended = docker('wait', id!);
    await dockerPlatform.retire(stand.context(), request);
    expect(await ended).toBe('0');
    expect(await stand.containers()).toEqual([]);
  });

  test('that are being ended count for nothing, and run anew when they are wanted again', async () => {
    // It answers on while it ends, as a program does that finishes what it has.
    const answer = serving("'ok'").replace('process.exit(0)', 'setTimeout(process.exit, 6000, 0)');
    const request = stand.request({ slots: [0, 1], spec: { run: answer, stopGraceMs: 30_000 } });
    await stand.serve(request);
    const before = await stand.containers();
    const abort = new AbortController();
    const name = `${stand.project}.test.web.r1.1`;
    const fewer = dockerPlatform.stage(stand.context({ signal: abort.signal }), { ...request, slots: [0] });
    await waitUntil('it is being ended', async () =>
      (await docker('ps', '--format', '{{.Names}}')).includes(`${name}.`),
    );
    abort.abort(new Error('enough'));
    await expect(fewer).rejects.toThrow('enough');
    expect(await dockerPlatform.list(stand.context())).toMatchObject([{ state: 'stopped', instances: 1, slots: [0] }]);
    expect(await dockerPlatform.recover!(stand.context(), 'web')).toMatchObject([{ slots: [0] }]);
    const where = await dockerPlatform.endpoints(stand.context(), { service: 'web', revisions: ['r1'] });
    expect(where.r1!.map(({ slot }) => slot)).toEqual([0]);
    const target = { service: 'web', revision: 'r1', health: request.spec.health, slots: [1] };
    expect(await dockerPlatform.probe(stand.context(), target)).toMatchObject({ kind: 'unhealthy' });
    await stand.serve({ ...request, leaveRunning: true });
    const after = await stand.containers();
    expect(after).toHaveLength(2);
    expect(after.filter((id) => before.includes(id))).toHaveLength(1);
    expect(await dockerPlatform.list(stand.context())).toMatchObject([{ state: 'running', slots: [0, 1] }]);
  });

  test('that were to be ended by a run that was killed right then are ended before they run anew', async () => {
    const request = stand.request();
    await stand.serve(request);
    const [id] = await stand.containers();
    await docker('rename', `${stand.project}.test.web.r1.0`, `${stand.project}.test.web.r1.0.ending-${id}`);
    expect(await dockerPlatform.list(stand.context())).toMatchObject([{ state: 'stopped', slots: [] }]);
    await stand.serve(request);
    expect(await stand.containers()).toHaveLength(1);
    expect(await stand.containers()).not.toContain(id);
    await dockerPlatform.retire(stand.context(), request);
    expect(await stand.containers()).toEqual([]);
  });

  test('that were made and never started, or were stopped by hand, are started; strangers are left', async () => {
    const request = stand.request({ slots: [0, 1] });
    await stand.serve(request);
    const name = `${stand.project}.test.web.r1.1`;
    const before = await dockerPlatform.endpoints(stand.context(), { service: 'web', revisions: ['r1'] });
    await docker('kill', name);
    await docker('stop', name);
    const [listed] = await dockerPlatform.list(stand.context());
    expect(listed).toMatchObject({ state: 'stopped', instances: 1, slots: [0] });
    const [first] = await stand.containers();
    const bystander = await docker(
      'run',
      '-d',
      '--name',
      `${stand.project}-bystander`,
      '--network',
      'none',
      'node:26-slim',
      'sleep',
      '600',
    );
    try {
      await stand.serve(request);
      expect(await dockerPlatform.endpoints(stand.context(), { service: 'web', revisions: ['r1'] })).toEqual(before);
      expect((await stand.containers()).length).toBe(2);
      expect(await stand.containers()).toContain(first);
      await dockerPlatform.retire(stand.context(), request);
      expect(await docker('inspect', '-f', '{{.State.Running}}', bystander)).toBe('true');
    } finally {
      await docker('rm', '-f', bystander);
    }
  });

  test('whose making was broken off are found, and settled by staging again', async () => {
    const request = stand.request();
    const abort = new AbortController();
    const log = (line: string) =>
      void (line.startsWith('starts') && setTimeout(() => abort.abort(new Error('killed')), 30));
    await dockerPlatform.stage(stand.context({ signal: abort.signal, log }), request).catch(() => {});
    await waitUntil('the engine has ended what it had begun', async () => {
      await sleep(300);
      return true;
    });
    await stand.serve(request);
    expect(await stand.containers()).toHaveLength(1);
    expect(await dockerPlatform.list(stand.context())).toMatchObject([
      { revision: 'r1', state: 'running', slots: [0] },
    ]);
  });

  test('that exist and were never started are listed, and started by staging', async () => {
    const request = stand.request();
    await stand.serve(request);
    const [id] = await stand.containers();
    const { Config, HostConfig } = (await stand.inspect(id)) as Record<string, Record<string, unknown>>;
    await docker('rm', '-f', id!);
    const labels = Object.entries(Config!.Labels as object).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
    const name = `${stand.project}.test.web.r1.0`;
    const network = String(HostConfig!.NetworkMode);
    const command = ['--entrypoint', '/bin/sh', 'node:26-slim', '-c', request.spec.run!];
    await docker('create', '--name', name, ...labels, '--network', network, '-e', 'PORT=8080', ...command);
    expect(await dockerPlatform.list(stand.context())).toMatchObject([{ revision: 'r1', state: 'stopped', slots: [] }]);
    await stand.serve(request);
    expect(await stand.containers()).toHaveLength(1);
  });

  test('that two runs make at the same moment are made once', async () => {
    const request = stand.request({ slots: [0, 1, 2] });
    // Two addresses of one engine: nothing in this process keeps one from the other.
    const hosts = ['unix:///var/run/docker.sock', 'unix:///run/docker.sock'];
    const contexts = hosts.map((host) => stand.context({ platform: { use: 'docker', host } }));
    await Promise.all(contexts.map((context) => dockerPlatform.stage(context, request)));
    await stand.untilHealthy(request);
    expect(await stand.containers()).toHaveLength(3);
  });

  test('that two runs retire at the same moment are gone once for both', async () => {
    const request = stand.request({ slots: [0, 1, 2] });
    await stand.serve(request);
    await Promise.all([1, 2, 3].map(() => dockerPlatform.retire(stand.context(), request)));
    expect(await stand.containers()).toEqual([]);
  });

  test('of another project with equal names are none of this one', async () => {
    const other = await DockerStand.open();
    try {
      const [mine, theirs] = [stand.request(), other.request()];
      await Promise.all([stand.serve(mine), other.serve(theirs)]);
      expect(await dockerPlatform.list(stand.context())).toHaveLength(1);
      expect(await dockerPlatform.recover!(stand.context(), 'web')).toMatchObject([{ slots: [0] }]);
      const ids = await other.containers();
      await dockerPlatform.retire(stand.context(), mine);
      expect(await other.containers()).toEqual(ids);
      expect(await other.docker('inspect', '-f', '{{.State.Running}}', ids[0]!)).toBe('true');
    } finally {
      await other.close();
    }
  });

  test('are not made where a stranger has the name', async () => {
    const name = `${stand.project}.test.web.r1.0`;
    await docker('create', '--name', name, 'node:26-slim');
    try {
      await expect(dockerPlatform.stage(stand.context(), stand.request())).rejects.toMatchObject({
        code: 'docker-name-taken',
      });
      expect(await dockerPlatform.list(stand.context())).toEqual([]);
    } finally {
      await docker('rm', name);
    }
  });

  test('that can not be started leave nothing, and say why', async () => {
    const request = stand.request({
      spec: { volumes: [{ source: '/no/such/folder', target: '/data', readOnly: true }] },
    });
    await expect(dockerPlatform.stage(stand.context(), request)).rejects.toThrow('/no/such/folder');
    expect(await stand.containers()).toEqual([]);
  });

  test('get volumes that outlive them', async () => {
    const volumes = [{ source: 'data', target: '/data', readOnly: false }];
    const run = `date +%s%N >> /data/starts; ${serving("require('fs').readFileSync('/data/starts')")}`;
    const one = stand.request({ spec: { run, volumes } });
    await stand.serve(one);
    await dockerPlatform.retire(stand.context(), one);
    const two = stand.request({ revision: 'r2', spec: { run, volumes } });
    await stand.serve(two);
    const [listed] = await dockerPlatform.list(stand.context());
    expect((await (await fetch(listed!.preview)).text()).trim().split('\n')).toHaveLength(2);
  });

  test('are reached at a published port of this machine where it is asked for', async () => {
    const published = await DockerStand.open({ reach: 'published' });
    try {
      const request = published.request({ slots: [0, 1] });
      await published.serve(request);
      const { r1 } = await dockerPlatform.endpoints(published.context(), { service: 'web', revisions: ['r1'] });
      expect(r1!.map(({ host }) => host)).toEqual(['127.0.0.1', '127.0.0.1']);
      expect(new Set(r1!.map(({ port }) => port)).size).toBe(2);
      await docker('restart', '-t', '1', `${published.project}.test.web.r1.0`);
      await published.untilHealthy(request);
      expect(await dockerPlatform.endpoints(published.context(), { service: 'web', revisions: ['r1'] })).toEqual({
        r1,
      });
    } finally {
      await published.close();
    }
  });

  test('are asked by a command in the container, which is ended when it takes too long', async () => {
    const request = stand.request({ env: { WORD: 'well' } });
    await stand.serve(request);
    const probe = (command: string, timeoutMs = 60_000) => {
      const { http: _, ...rest } = request.spec.health;
      const health = { ...rest, command, timeoutMs };
      return dockerPlatform.probe(stand.context(), { service: 'web', revision: 'r1', health });
    };
    expect(await probe('test "$WORD" = well')).toEqual({ kind: 'healthy' });
    expect(await probe('node -e "fetch(process.env.SLIPWAY_URL).then(r => process.exit(r.ok ? 0 : 1))"')).toEqual({
      kind: 'healthy',
    });
    expect(await probe('echo it aches >&2; exit 7')).toEqual({
      kind: 'unhealthy',
      reason: 'the health command exited with code 7\nit aches',
    });
    expect(await probe('sleep 543', 500)).toEqual({ kind: 'unhealthy', reason: 'no answer within 500 ms' });
    const name = `${stand.project}.test.web.r1.0`;
    await waitUntil('the command is ended', async () => !(await docker('top', name)).includes('sleep 543'));
  });

  test('that ended say how, with their last lines and without their secrets', async () => {
    const run = 'echo "cannot log in with $TOKEN"; exit 3';
    const request = stand.request({ spec: { run }, env: { TOKEN: 'open-sesame-42' }, secrets: ['open-sesame-42'] });
    await dockerPlatform.stage(stand.context(), request);
    await waitUntil('the probe tells how it ended', async () => {
      const result = await dockerPlatform.probe(stand.context(), {
        service: 'web',
        revision: 'r1',
        health: request.spec.health,
      });
      return (
        (result.kind === 'unhealthy' && /exit code 3(.|\n)*cannot log in with \*\*\*/.test(result.reason)) || result
      );
    });
    expect(JSON.stringify(await stand.logs(10))).not.toContain('open-sesame');
  });

  test('that crash again and again are never healthy', async () => {
    const request = stand.request({ spec: { run: 'exit 3' } });
    await dockerPlatform.stage(stand.context(), request);
    const target = { service: 'web', revision: 'r1', health: request.spec.health };
    const seen = new Set<string>();
    for (let n = 0; n < 60; n++) seen.add((await dockerPlatform.probe(stand.context(), target)).kind);
    expect([...seen]).toEqual(['unhealthy']);
    expect(await dockerPlatform.list(stand.context())).toMatchObject([
      { revision: 'r1', instances: expect.any(Number) },
    ]);
  });

  test('leave a network only while there are any', async () => {
    const [one, two] = [stand.request(), stand.request({ revision: 'r2' })];
    await Promise.all([stand.serve(one), stand.serve(two)]);
    const networks = () => docker('network', 'ls', '-q', '--filter', `label=slipway.project=${stand.project}`);
    await dockerPlatform.retire(stand.context(), one);
    expect(await networks()).not.toBe('');
    await dockerPlatform.retire(stand.context(), two);
    expect(await networks()).toBe('');
  });

  test('logs keep long lines whole', async () => {
    const run = `node -e "console.log('x'.repeat(50000) + 'end')"; exec sleep 600`;
    await dockerPlatform.stage(stand.context(), stand.request({ spec: { run } }));
    await waitUntil('the line is told', async () => (await stand.logs(5)).some(({ text }) => text.length === 50_003));
  });
});
