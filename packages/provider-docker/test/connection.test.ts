import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@slipway/core/provider';
import { freePort, waitUntil } from '@slipway/provider-testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { dockerPlatform } from '../src/docker-platform.ts';
import { dockerProvider } from '../src/index.ts';
import { DockerStand } from './docker-stand.ts';

const stands: DockerStand[] = [];
async function list(platform: JsonObject, signal = AbortSignal.timeout(20_000)) {
  const stand = await DockerStand.open(platform);
  stands.push(stand);
  return await dockerPlatform.list(stand.context({ signal }));
}
const closeAll = async () => {
  for (const stand of stands.splice(0)) rmSync(stand.directory, { recursive: true, force: true });
};
afterEach(closeAll);

describe('the engine', () => {
  test.each([
    ['a socket that is not there', 'unix:///nowhere/docker.sock'],
    ['a port where nobody listens', 'tcp://127.0.0.1:9'],
  ])('that is not there is told, and may come back: %s', async (_, host) => {
    const error = await list({ host }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'docker-unreachable', retryable: true });
    expect((error as Error).message).toContain(host);
    expect(dockerProvider.classify!(error)).toBe('transient');
  });

  test('options that are wrong are told by name, all of them', async () => {
    const wrong = { host: 'http://engine', registry: { prefix: 'https://Registry', password: 7 }, netwrok: 'x' };
    const error = await list(wrong).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'platform-options-invalid', details: { effect: 'none' } });
    for (const word of ['host', 'registry.prefix', 'registry.password', 'netwrok'])
      expect((error as Error).message).toContain(word);
  });

  test('that takes a connection and says nothing is left when the signal says so', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    try {
      const signal = AbortSignal.timeout(200);
      await expect(list({ host: `tcp://127.0.0.1:${port}` }, signal)).rejects.toBe(await reasonOf(signal));
    } finally {
      silent.close();
    }
  });
});

describe.skipIf(!requirePart('docker') || !requirePart('socat'))('over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-tls-'));
  let proxy: ChildProcess | undefined;
  afterEach(async () => {
    proxy?.kill('SIGKILL');
    proxy = undefined;
  });

  test('an engine is trusted by its authority, and asks for a certificate', async () => {
    makeCertificates(folder);
    const port = await freePort();
    const listen = `OPENSSL-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork,cert=${folder}/server.pem,key=${folder}/server.key,cafile=${folder}/ca.pem,verify=1`;
    proxy = spawn('socat', [listen, 'UNIX-CONNECT:/var/run/docker.sock'], { stdio: 'ignore' });
    const host = `tcp://127.0.0.1:${port}`;
    const tls = { ca: `${folder}/ca.pem`, cert: `${folder}/client.pem`, key: `${folder}/client.key` };
    await waitUntil('the engine answers over TLS', async () => {
      const answer = await list({ host, tls }).catch((error: unknown) => error);
      return Array.isArray(answer) || answer;
    });
    expect(await list({ host, tls })).toEqual([]);
    await expect(list({ host, tls: { ...tls, ca: `${folder}/other-ca.pem` } })).rejects.toMatchObject({
      code: 'docker-tls-failed',
    });
    const stranger = { ...tls, cert: `${folder}/other.pem`, key: `${folder}/other.key` };
    await expect(list({ host, tls: stranger })).rejects.toThrow();
    await expect(list({ host, tls: { ...tls, key: 'missing.key' } })).rejects.toMatchObject({
      code: 'docker-tls-file-unreadable',
    });
    rmSync(folder, { recursive: true, force: true });
  });
});

async function reasonOf(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await once(signal, 'abort');
  return signal.reason;
}

/** An authority with a server and a client, and another one with a client of its own. */
function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  for (const ca of ['ca', 'other-ca'])
    openssl('req', '-x509', ...key, '-subj', `/CN=${ca}`, '-keyout', `${ca}.key`, '-out', `${ca}.pem`);
  const issue = (name: string, ca: string) => {
    openssl(
      'req',
      '-new',
      ...key,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    );
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${ca}.pem`,
      '-CAkey',
      `${ca}.key`,
      '-CAcreateserial',
      '-days',
      '1',
      '-copy_extensions',
      'copy',
      '-out',
      `${name}.pem`,
    );
  };
  issue('server', 'ca');
  issue('client', 'ca');
  issue('other', 'other-ca');
}
