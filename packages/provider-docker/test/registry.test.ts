import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, waitUntil } from '@slipway/provider-testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { dockerPlatform } from '../src/docker-platform.ts';
import { DockerStand, docker } from './docker-stand.ts';

const PASSWORD = 'pass+word/with=signs';
/** bcrypt of the password above, as `htpasswd -nbB ann` makes it. */
const HTPASSWD = 'ann:$2y$05$abcdefghijklmnopqrstuups9ZTgmaAes2JWn93CUCOlk.wVCOr6.\n';
/** Of a small base: it is compressed to be pushed. */
const DOCKERFILE = 'FROM debian:bookworm-slim\nCOPY server.js /\nCMD ["sleep", "600"]\n';
const SERVER = 'not run here';

describe.skipIf(!requirePart('docker') || !requirePart('docker-registry'))('with a registry', () => {
  let folder: string;
  let address: string;
  let process: ChildProcess;
  const stands: DockerStand[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-registry-'));
    address = `127.0.0.1:${await freePort()}`;
    await writeFile(join(folder, 'htpasswd'), HTPASSWD);
    const config = {
      version: 0.1,
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
      http: { addr: address },
      auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } },
    };
    await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
    process = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
    await waitUntil('the registry answers', async () => {
      const response = await fetch(`http://${address}/v2/`).catch((error: unknown) => error);
      return (response instanceof Response && response.status === 401) || response;
    });
  });
  afterEach(async () => {
    for (const stand of stands.splice(0)) await stand.close();
  });
  afterAll(async () => {
    process?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (password = PASSWORD) => {
    const stand = await DockerStand.open({ registry: { prefix: `${address}/shop`, username: 'ann', password } });
    stands.push(stand);
    return stand;
  };
  const release = (stand: DockerStand) => stand.built({ Dockerfile: DOCKERFILE, 'server.js': SERVER }, 'one');

  test('a release is pushed, run by its digest, and pulled by it where it is missing', async () => {
    const stand = await open();
    const request = await release(stand);
    await dockerPlatform.publish!(stand.context(), request);
    await dockerPlatform.stage(stand.context(), request);
    const [id] = await stand.containers();
    const image = await docker('inspect', '-f', '{{.Config.Image}}', id!);
    expect(image).toMatch(new RegExp(`^${address}/shop/web@sha256:[0-9a-f]{64}$`));
    await dockerPlatform.retire(stand.context(), request);
    await docker('rmi', '-f', await docker('images', '-q', '--filter', `label=slipway.project=${stand.project}`));
    const before = stand.log.length;
    await dockerPlatform.stage(stand.context(), request);
    expect(stand.log.slice(before).join('\n')).toContain(`pulls ${image}`);
    expect(stand.log.slice(before).join('\n')).not.toContain('builds');
    const [again] = await stand.containers();
    expect(await docker('inspect', '-f', '{{.Config.Image}}', again!)).toBe(image);
  });

  test('what another machine pushed is pulled and not built again', async () => {
    const stand = await open();
    const request = await release(stand);
    await dockerPlatform.publish!(stand.context(), request);
    await docker('rmi', '-f', await docker('images', '-q', '--filter', `label=slipway.project=${stand.project}`));
    await rm(join(stand.directory, '.slipway', 'docker'), { recursive: true });
    const before = stand.log.length;
    await dockerPlatform.publish!(stand.context(), {
      ...request,
      artifact: { ...request.artifact, directory: '/nowhere' },
    });
    expect(stand.log.slice(before).join('\n')).not.toContain('builds');
  });

  test('a given image without the wanted tag is told by its name', async () => {
    const stand = await open();
    const image = `${address}/shop/web:no-such-tag`;
    const error = await dockerPlatform.publish!(stand.context(), stand.request({ spec: { image } })).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'image-not-found', retryable: false, message: expect.stringContaining(image) });
  });

  test('a wrong password is told, and never shown', async () => {
    const stand = await open('not-the-password');
    const request = await release(stand);
    const error = await dockerPlatform.publish!(stand.context(), request).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'registry-denied', retryable: false });
    const told = `${JSON.stringify(error)} ${(error as Error).stack} ${stand.log.join('\n')}`;
    expect(told).not.toContain('not-the-password');
  });
});
