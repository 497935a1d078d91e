import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { dockerPlatform } from '../src/docker-platform.ts';
import { DockerStand, docker } from './docker-stand.ts';

const DOCKERFILE = 'FROM node:26-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n';
const SERVER = 'require("http").createServer((q, s) => s.end("built")).listen(process.env.PORT);';

describe.skipIf(!requirePart('docker'))('publishing a release', () => {
  let stand: DockerStand;
  beforeEach(async () => {
    stand = await DockerStand.open();
  });
  afterEach(() => stand.close());

  const publish = (request: Parameters<NonNullable<typeof dockerPlatform.publish>>[1]) =>
    dockerPlatform.publish!(stand.context(), request);

  test('builds an image of the folder, and passes on what the build prints', async () => {
    const request = await stand.built({ Dockerfile: DOCKERFILE, 'server.js': SERVER }, 'one');
    await publish(request);
    expect(stand.log).toContainEqual(expect.stringMatching(/^Step 3.*COPY/));
    await stand.serve(request);
    const [listed] = await dockerPlatform.list(stand.context());
    expect(await (await fetch(listed!.preview)).text()).toBe('built');
  });

  test('an equal artifact is not built again, also for another revision', async () => {
    const request = await stand.built({ Dockerfile: DOCKERFILE, 'server.js': SERVER }, 'one');
    await publish(request);
    const before = stand.log.length;
    await publish(request);
    await publish({ ...request, revision: 'r2' });
    expect(stand.log.slice(before)).toEqual([]);
    const found = await docker('images', '-q', '--filter', `label=slipway.project=${stand.project}`);
    expect(found.split('\n')).toHaveLength(1);
  });

  test('each project has an image of its own, also of equal files', async () => {
    const other = await DockerStand.open();
    try {
      const request = await stand.built({ Dockerfile: DOCKERFILE, 'server.js': SERVER }, 'one');
      await publish(request);
      await dockerPlatform.publish!(other.context(), request);
      for (const { project } of [stand, other])
        expect(await docker('images', '-q', '--filter', `label=slipway.project=${project}`)).toMatch(/^\S+$/);
    } finally {
      await other.close();
    }
  });

  test('an image that was lost is built again of the artifact when the revision is staged', async () => {
    const request = await stand.built({ Dockerfile: DOCKERFILE, 'server.js': SERVER }, 'one');
    await publish(request);
    await docker('rmi', '-f', await docker('images', '-q', '--filter', `label=slipway.project=${stand.project}`));
    await stand.serve(request);
  });

  test('leaves out what .dockerignore names, and keeps what it takes back', async () => {
    const files = {
      Dockerfile: DOCKERFILE,
      'server.js': SERVER.replace('"built"', 'require("fs").readdirSync(".", { recursive: true }).join()'),
      '.dockerignore': '# secrets stay here\nDockerfile\n*.key\nlogs\n!logs/keep.txt\n**/*.tmp\n',
      'private.key': 'x',
      'logs/old.txt': 'x',
      'logs/keep.txt': 'x',
      'deep/down/file.tmp': 'x',
      'deep/down/file.txt': 'x',
    };
    await stand.serve(await stand.built(files, 'ignored'));
    const [listed] = await dockerPlatform.list(stand.context());
    const found = (await (await fetch(listed!.preview)).text()).split(',');
    expect(found).toEqual(expect.arrayContaining(['logs/keep.txt', 'deep/down/file.txt', 'server.js']));
    for (const gone of ['private.key', 'logs/old.txt', 'deep/down/file.tmp']) expect(found).not.toContain(gone);
  });

  test('a build that fails tells the last lines', async () => {
    const Dockerfile = 'FROM node:26-slim\nRUN echo no such luck && exit 3\n';
    const failed = publish(await stand.built({ Dockerfile }, 'broken'));
    await expect(failed).rejects.toMatchObject({ code: 'image-build-failed', subject: 'service:web' });
    await expect(failed).rejects.toThrow(/no such luck/);
  });

  test('without a Dockerfile it is refused before anything was done', async () => {
    const failed = publish(await stand.built({ 'server.js': SERVER }, 'none', { dockerfile: 'other/Dockerfile' }));
    await expect(failed).rejects.toMatchObject({ code: 'dockerfile-missing', details: { effect: 'none' } });
  });

  test('an image that is given and nowhere to be found is refused by name', async () => {
    const image = `127.0.0.1:9/${stand.project}:v1`;
    const failed = publish(stand.request({ spec: { image } }));
    await expect(failed).rejects.toThrow(image);
    await expect(failed).rejects.toMatchObject({ code: 'registry-unreachable', retryable: true });
  });

  test('a tag that moves after it was published moves nothing', async () => {
    const image = `${stand.project}:now`;
    await docker('tag', 'node:26-slim', image);
    const request = stand.request({ spec: { image } });
    await publish(request);
    await docker('tag', 'debian:bookworm-slim', image);
    try {
      await stand.serve(request);
      const [id] = await stand.containers();
      const { Image } = await stand.inspect(id);
      expect(Image).toBe(await docker('image', 'inspect', '-f', '{{.Id}}', 'node:26-slim'));
    } finally {
      await docker('rmi', image);
    }
  });

  test('a tag that moves does not move a revision that is there, however often it is published', async () => {
    const image = `${stand.project}:now`;
    const idOf = (name: string) => docker('image', 'inspect', '-f', '{{.Id}}', name);
    const imagesRun = async () =>
      Promise.all((await stand.containers()).map(async (id) => (await stand.inspect(id)).Image));
    await docker('tag', 'node:26-slim', image);
    try {
      const request = stand.request({ spec: { image } });
      await publish(request);
      await stand.serve(request);
      await docker('tag', 'debian:bookworm-slim', image);
      await publish(request);
      await stand.serve({ ...request, slots: [0, 1], leaveRunning: true });
      const first = await idOf('node:26-slim');
      expect(await imagesRun()).toEqual([first, first]);
      // With nothing of it left, it is what its tag means: what broke for its image can be mended under the same tag.
      await dockerPlatform.retire(stand.context(), request);
      await publish(request);
      await dockerPlatform.stage(stand.context(), request);
      expect(await imagesRun()).toEqual([await idOf('debian:bookworm-slim')]);
    } finally {
      await docker('rmi', '-f', image);
    }
  });

  test('a build ends with its signal', async () => {
    const Dockerfile = 'FROM node:26-slim\nRUN echo begun && sleep 600\n';
    const request = await stand.built({ Dockerfile }, 'slow');
    const abort = new AbortController();
    const context = stand.context({
      signal: abort.signal,
      log: (line) => line === 'begun' && abort.abort(new Error('enough')),
    });
    await expect(dockerPlatform.publish!(context, request)).rejects.toThrow('enough');
  });
});
