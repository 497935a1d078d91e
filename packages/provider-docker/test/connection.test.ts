import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { JsonObject } from '@slipway/core/provider';
import { afterEach, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { dockerPlatform } from '../src/docker-platform.ts';
import { dockerProvider } from '../src/index.ts';
import { DockerStand } from './docker-stand.ts';

const run = promisify(execFile);
/** The user that owns nothing and is in no group. */
const NOBODY = 65_534;

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
    const { hint } = error as { hint: string };
    expect(hint).toContain(host.startsWith('unix:') ? 'systemctl start docker' : 'runs on that machine');
    expect(dockerProvider.classify!(error)).toBe('transient');
  });

  test.skipIf(process.getuid?.() !== 0 || !requirePart('docker'))(
    'whose socket this user may not use is told, with what to do',
    async () => {
      const socket = 'unix:///var/run/docker.sock';
      const stand = await DockerStand.open({ host: socket });
      stands.push(stand);
      const { signal: _, log: __, ...context } = stand.context();
      const script = `
        import { dockerPlatform } from ${JSON.stringify(fileURLToPath(new URL('../src/docker-platform.ts', import.meta.url)))};
        const context = { ...${JSON.stringify(context)}, signal: AbortSignal.timeout(20_000), log: () => {} };
        process.setgroups([]);
        process.setgid(${NOBODY});
        process.setuid(${NOBODY});
        const { code, message, hint, retryable } = await dockerPlatform.list(context).catch((error) => error);
        console.log(JSON.stringify({ code, message, hint, retryable }));`;
      const args = ['-C', 'slipway-source', '--input-type=module', '--eval', script];
      const { stdout } = await run(process.execPath, args);
      expect(JSON.parse(stdout)).toEqual({
        code: 'docker-permission-denied',
        message: `This user may not use the Docker engine at ${socket}.`,
        hint: expect.stringContaining('usermod -aG docker'),
        retryable: false,
      });
    },
  );

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

async function reasonOf(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await once(signal, 'abort');
  return signal.reason;
}
