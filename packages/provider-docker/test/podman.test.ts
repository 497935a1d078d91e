import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, OwnPodman, waitUntil } from '@slipway/provider-testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { dockerPlatform } from '../src/docker-platform.ts';
import { DockerStand, serving } from './docker-stand.ts';

const has = (['docker', 'podman', 'docker-registry'] as const).map((part) => requirePart(part));

/** Where Podman's answers differ from Docker's; `tests/platforms` has the rest. */
describe.skipIf(has.includes(false))('on Podman', () => {
  let folder: string;
  let registry: string;
  let process: ChildProcess;
  let podman: OwnPodman;
  let stand: DockerStand;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-registry-'));
    registry = `127.0.0.1:${await freePort()}`;
    const storage = { filesystem: { rootdirectory: join(folder, 'data') } };
    await writeFile(
      join(folder, 'config.yml'),
      JSON.stringify({ version: 0.1, log: { level: 'error' }, storage, http: { addr: registry } }),
    );
    process = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
    podman = await OwnPodman.start({ images: ['node:26-slim', 'debian:bookworm-slim'], registry });
    // Another test may have its turn.
  }, 600_000);
  beforeEach(async () => {
    stand = await DockerStand.open({ host: podman.host }, podman.host);
  });
  afterEach(() => stand.close());
  afterAll(async () => {
    await podman?.stop();
    process?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  test('an equal artifact is found by its labels, and not built again', async () => {
    const request = await stand.built({ Dockerfile: 'FROM node:26-slim\nCMD ["node"]\n' }, 'one');
    await dockerPlatform.publish!(stand.context(), request);
    expect(stand.log.join('\n')).toContain('builds the image');
    const before = stand.log.length;
    await dockerPlatform.publish!(stand.context(), { ...request, revision: 'r2' });
    expect(stand.log.slice(before)).toEqual([]);
  });

  test('a command of a build that fails is told from what Podman itself could not do', async () => {
    const request = await stand.built({ Dockerfile: 'FROM node:26-slim\nRUN echo no such host && exit 3\n' }, 'bad');
    const error = await dockerPlatform.publish!(stand.context(), request).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'image-build-failed', message: expect.stringContaining('no such host') });
  });

  test('the machine is found by its name', async () => {
    const [answer, asks] = [(port: number) => `http://host.docker.internal:${port}`, 'then((r) => r.text())'];
    const server = createServer((_, response) => response.end('from the machine')).listen(0, '0.0.0.0');
    await once(server, 'listening');
    try {
      const { port } = server.address() as { port: number };
      const run = serving("'up'").replace(
        'exec node',
        `node -e "fetch('${answer(port)}').${asks}.then(console.log)"; exec node`,
      );
      await stand.serve(stand.request({ spec: { run } }));
      expect((await stand.logs(10)).map(({ text }) => text)).toContain('from the machine');
    } finally {
      server.close();
    }
  });

  test('a stranger who has the name is seen by looking', async () => {
    const name = `${stand.project}.test.web.r1.0`;
    podman.run('create', '--name', name, 'node:26-slim');
    try {
      await expect(dockerPlatform.stage(stand.context(), stand.request())).rejects.toMatchObject({
        code: 'docker-name-taken',
      });
    } finally {
      podman.run('rm', name);
    }
  });

  test('lines of one second are followed without one twice or left out', async () => {
    const say = 'let n = 0; setInterval(() => console.log(n++), 5)';
    await dockerPlatform.stage(stand.context(), stand.request({ spec: { run: `exec node -e "${say}"` } }));
    await waitUntil('it says something', async () => (await stand.logs(100)).length > 10);
    const abort = new AbortController();
    const seen: number[] = [];
    const query = { service: 'web', lines: 3, follow: true };
    for await (const { text } of dockerPlatform.logs(stand.context({ signal: abort.signal }), query)) {
      seen.push(Number(text));
      if (seen.length === 600) abort.abort();
    }
    expect(seen).toEqual(seen.map((_, n) => seen[0]! + n));
  });

  test('a release is pushed, run by its digest, and pulled by it where it is missing', async () => {
    const own = await DockerStand.open({ host: podman.host, registry: { prefix: `${registry}/shop` } }, podman.host);
    try {
      const request = await own.built({ Dockerfile: 'FROM debian:bookworm-slim\nCMD ["sleep", "600"]\n' }, 'one');
      await dockerPlatform.publish!(own.context(), request);
      expect(own.log.at(-1)).toMatch(new RegExp(`^pushed ${registry}/shop/web@sha256:[0-9a-f]{64}$`));
      podman.run(
        'rmi',
        '--force',
        ...podman.run('images', '--quiet', '--filter', `reference=${registry}/*/*`).split('\n'),
      );
      await dockerPlatform.stage(own.context(), request);
      expect(own.log.join('\n')).toContain(`pulls ${registry}/shop/web@sha256:`);
      expect(await own.containers()).toHaveLength(1);
    } finally {
      await own.close();
    }
  });
});
