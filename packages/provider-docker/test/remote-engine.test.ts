import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import type { JsonObject } from '@slipway/core/provider';
import { waitUntil } from '@slipway/provider-testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { dockerPlatform } from '../src/docker-platform.ts';
import { Authority } from './certificates.ts';
import { DockerStand } from './docker-stand.ts';
import { openRemoteStand, type RemoteStand } from './remote-stand.ts';

const has = (['docker', 'dockerd', 'sshd'] as const).map((part) => requirePart(part));

/** In a network namespace: its loopback is not this machine's, as on any other machine. */
describe.skipIf(has.includes(false))('an engine of another machine, over TLS', () => {
  let remote: RemoteStand;
  const stands: DockerStand[] = [];
  const servers: Server[] = [];

  beforeAll(async () => {
    remote = await openRemoteStand();
  }, 120_000);
  afterEach(async () => {
    for (const stand of stands.splice(0)) await stand.close();
    for (const server of servers.splice(0)) server.close();
  });
  afterAll(async () => {
    await remote?.stop();
  }, 60_000);

  const client = () => remote.authority.issue('client', '127.0.0.1');
  const open = async (platform: JsonObject = {}) => {
    const stand = await DockerStand.open({ host: remote.host, tls: client(), ...platform }, remote.socket);
    stands.push(stand);
    return stand;
  };
  const refusal = async (platform: JsonObject) => {
    const stand = await open(platform);
    return await dockerPlatform.list(stand.context()).catch((error: unknown) => error);
  };
  /** What answers over TLS and shows a certificate, at this machine. */
  const answering = async ({ cert, key }: { cert: string; key: string }) => {
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `tcp://127.0.0.1:${(server.address() as { port: number }).port}`;
  };

  test('a release is built, runs and is reached at the address where it is published', async () => {
    const stand = await open({ publish: remote.address });
    const Dockerfile = 'FROM node:26-slim\nCOPY . .\nCMD ["node", "server.js"]\n';
    const server =
      "require('http').createServer((q, s) => s.end('from afar')).listen(process.env.PORT); console.log('up')";
    const request = await stand.built({ Dockerfile, 'server.js': server }, 'one');
    await dockerPlatform.publish!(stand.context(), request);
    await stand.serve({ ...request, slots: [0, 1] });
    const { r1 = [] } = await dockerPlatform.endpoints(stand.context(), { service: 'web', revisions: ['r1'] });
    expect(r1).toHaveLength(2);
    for (const { host, port } of r1) {
      expect(host).toBe(remote.address);
      expect(await (await fetch(`http://${host}:${port}`)).text()).toBe('from afar');
    }
    await waitUntil('both have said so', async () => {
      const said = (await stand.logs(10)).map(({ text }) => text).join();
      return said === 'up,up' || said;
    });
    await dockerPlatform.retire(stand.context(), request);
    expect(await stand.containers()).toEqual([]);
  });

  test('a port that another process there has is passed over', async () => {
    const stand = await open({ publish: remote.address });
    const request = stand.request();
    const portOf = async () => {
      await stand.serve(request);
      const { r1 } = await dockerPlatform.endpoints(stand.context(), { service: 'web', revisions: ['r1'] });
      await dockerPlatform.retire(stand.context(), request);
      return r1![0]!.port;
    };
    const before = await portOf();
    const listen = `require('net').createServer().listen(${before}, '${remote.address}', () => console.log('listening'))`;
    const args = ['netns', 'exec', remote.namespace, process.execPath, '-e', listen];
    const holder = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(holder.stdout, 'data');
      expect(await portOf()).not.toBe(before);
    } finally {
      holder.kill('SIGKILL');
    }
  });

  test('without an address to publish at it is refused, by the plan and before anything is made', async () => {
    const stand = await open();
    const request = stand.request();
    await expect(dockerPlatform.stage(stand.context(), request)).rejects.toMatchObject({
      code: 'docker-publish-missing',
      details: { effect: 'none' },
    });
    expect(await stand.docker('network', 'ls', '-q', '--filter', `label=slipway.project=${stand.project}`)).toBe('');
    const objections = (options: JsonObject) =>
      dockerPlatform.objections!({ name: 'web', spec: request.spec }, { environment: 'live', options });
    const [told, ...more] = objections({ use: 'docker', host: remote.host });
    expect([told?.what, more]).toEqual([expect.stringContaining(remote.host), []]);
    expect(told?.hint).toContain('`publish` in environments.live.platform');
    const ways = [
      { publish: remote.address },
      { reach: 'network' },
      { host: 'tcp://127.0.0.1:2375' },
      { host: remote.socket },
    ];
    for (const way of ways) expect(objections({ use: 'docker', host: remote.host, ...way })).toEqual([]);
  });

  test('an address that its machine does not have is told', async () => {
    const stand = await open({ publish: '192.0.2.7' });
    const error = await dockerPlatform.stage(stand.context(), stand.request()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'docker-publish-wrong', hint: expect.stringContaining('`publish`') });
    expect(await stand.containers()).toEqual([]);
  });

  test('which is not the one that it should be is not trusted', async () => {
    const other = Authority.make(join(remote.folder, 'other'));
    expect(await refusal({ tls: { ...client(), ca: other.ca } })).toMatchObject({
      code: 'docker-tls-failed',
      message: expect.stringContaining('`tls.ca` did not sign'),
      retryable: false,
    });
    expect(await refusal({ host: await answering(remote.authority.issue('old', '127.0.0.1', 0)) })).toMatchObject({
      code: 'docker-tls-failed',
      message: expect.stringContaining('not valid now'),
    });
    expect(await refusal({ host: await answering(remote.authority.issue('elsewhere', '192.0.2.7')) })).toMatchObject({
      code: 'docker-tls-failed',
      message: expect.stringContaining('for another address'),
    });
    expect(await refusal({ host: `tcp://${remote.address}:22` })).toMatchObject({
      code: 'docker-tls-failed',
      message: expect.stringContaining('speaks no TLS'),
    });
  });

  test('which does not know who asks lets nobody in', async () => {
    const other = Authority.make(join(remote.folder, 'other'));
    const stranger = { ...other.issue('stranger', '127.0.0.1'), ca: remote.authority.ca };
    expect(await refusal({ tls: stranger })).toMatchObject({
      code: 'docker-tls-failed',
      message: expect.stringContaining('doesn’t accept the certificate'),
      hint: expect.stringContaining('--tlscacert'),
    });
    const old = remote.authority.issue('old', '127.0.0.1', 0);
    expect(await refusal({ tls: old })).toMatchObject({
      code: 'docker-tls-file-unusable',
      message: expect.stringContaining(`${old.cert}, which the engine is to be shown, expired on`),
    });
    expect(await refusal({ tls: { ...old, cert: old.key } })).toMatchObject({ code: 'docker-tls-file-unusable' });
    const nobody = await DockerStand.open({ host: remote.host }, remote.socket);
    stands.push(nobody);
    await expect(dockerPlatform.list(nobody.context())).rejects.toMatchObject({
      code: 'docker-tls-failed',
      hint: expect.stringContaining('DOCKER_CERT_PATH'),
    });
  });
});
