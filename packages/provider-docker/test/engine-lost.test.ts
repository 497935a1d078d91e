import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '@slipway/core/provider';
import { OwnEngine, waitUntil } from '@slipway/provider-testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { dockerPlatform } from '../src/docker-platform.ts';
import { DockerStand } from './docker-stand.ts';

const canStart = requirePart('docker') && requirePart('dockerd');
/** More than are started at once. */
const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7];
/** What every call says while the daemon is away. */
const AWAY = { code: 'docker-unreachable', retryable: true };

describe.skipIf(!canStart)('an engine whose daemon is killed and comes back', () => {
  let folder: string;
  let engine: OwnEngine;
  let stand: DockerStand;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-engine-'));
    engine = await OwnEngine.start(join(folder, 'e'));
  }, 120_000);
  beforeEach(async () => {
    stand = await DockerStand.open({ host: engine.host }, engine.host);
  });
  afterEach(async () => {
    await engine.up();
    await stand.close();
  });
  afterAll(async () => {
    await engine?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const endpoints = () => dockerPlatform.endpoints(stand.context(), { service: 'web', revisions: ['r1'] });
  const answers = async () => {
    const { r1 = [] } = await endpoints();
    return await Promise.all(r1.map(async ({ host, port }) => (await fetch(`http://${host}:${port}`)).text()));
  };

  test.each([0, 100, 300])(
    'while instances are started, %i ms in: staged again, there is none too many',
    async (ms) => {
      const request = stand.request({ slots: EIGHT });
      let killed: Promise<void> | undefined;
      const log = (line: string) => {
        if (line.startsWith('starts')) killed = sleep(ms).then(() => engine.kill());
      };
      const failed = dockerPlatform.stage(stand.context({ log }), request);
      await expect(failed).rejects.toMatchObject(AWAY);
      await expect(failed).rejects.toThrow(engine.host);
      await killed;
      await engine.up();
      await stand.serve(request);
      expect(await stand.containers()).toHaveLength(8);
      expect(await answers()).toEqual(Array(8).fill('ok'));
      expect(await dockerPlatform.list(stand.context())).toMatchObject([{ state: 'running', slots: EIGHT }]);
    },
  );

  test('while an image is built: built again, it is there once', async () => {
    const Dockerfile = 'FROM node:26-slim\nRUN echo begun && sleep 3\nCMD ["sleep", "600"]\n';
    const request = await stand.built({ Dockerfile }, 'one');
    let killed: Promise<void> | undefined;
    const log = (line: string) => {
      if (line === 'begun') killed = engine.kill();
    };
    await expect(dockerPlatform.publish!(stand.context({ log }), request)).rejects.toMatchObject(AWAY);
    await killed;
    await engine.up();
    await dockerPlatform.publish!(stand.context(), request);
    await dockerPlatform.stage(stand.context(), request);
    const images = await stand.docker('images', '--quiet', '--filter', `label=slipway.project=${stand.project}`);
    expect(images.split('\n')).toHaveLength(1);
    expect(await stand.containers()).toHaveLength(1);
  });

  test('while logs are followed: told, and what was said meanwhile is there', async () => {
    const say = "let n = 0; setInterval(() => console.log('line', n++), 50)";
    await dockerPlatform.stage(stand.context(), stand.request({ spec: { run: `exec node -e "${say}"` } }));
    const seen: LogLine[] = [];
    const follow = async () => {
      const query = { service: 'web', lines: 5, follow: true };
      for await (const line of dockerPlatform.logs(stand.context(), query))
        if (seen.push(line) === 10) void engine.kill();
    };
    await expect(follow()).rejects.toMatchObject(AWAY);
    await engine.kill();
    await engine.up();
    await waitUntil('lines come again', async () => {
      const numbers = (await stand.logs(10_000)).map(({ text }) => Number(text.split(' ')[1]));
      expect(numbers).toEqual(numbers.map((_, n) => n));
      return numbers.length > seen.length + 20 || numbers.length;
    });
  });

  test('while they run: they go on, and are found again where they were', async () => {
    const request = stand.request({ slots: [0, 1] });
    await stand.serve(request);
    const [before, ids] = [await endpoints(), await stand.containers()];
    await engine.kill();
    await expect(endpoints()).rejects.toMatchObject(AWAY);
    await expect(dockerPlatform.list(stand.context())).rejects.toMatchObject(AWAY);
    await expect(dockerPlatform.retire(stand.context(), request)).rejects.toMatchObject(AWAY);
    for (const { host, port } of before.r1 ?? [])
      expect(await (await fetch(`http://${host}:${port}`)).text()).toBe('ok');
    await engine.up();
    expect(await endpoints()).toEqual(before);
    await dockerPlatform.stage(stand.context(), request);
    expect(await stand.containers()).toEqual(ids);
  });

  test('while a revision is retired: retired again, nothing of it is left', async () => {
    const run = "trap 'sleep 8; exit 0' TERM; while true; do sleep 0.1; done";
    const request = stand.request({ slots: [0, 1], spec: { run, stopGraceMs: 20_000 } });
    await dockerPlatform.stage(stand.context(), request);
    const retiring = dockerPlatform.retire(stand.context(), request);
    const killing = sleep(700).then(() => engine.kill());
    await expect(retiring).rejects.toMatchObject(AWAY);
    await killing;
    await engine.up();
    await dockerPlatform.retire(stand.context(), request);
    expect(await stand.containers()).toEqual([]);
    expect(await stand.docker('network', 'ls', '-q', '--filter', `label=slipway.project=${stand.project}`)).toBe('');
  });
});

describe.skipIf(!canStart)('an engine that takes its containers along', () => {
  let folder: string;
  let engine: OwnEngine;
  let stand: DockerStand;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-engine-'));
    engine = await OwnEngine.start(join(folder, 'e'), { liveRestore: false });
    stand = await DockerStand.open({ host: engine.host }, engine.host);
  }, 120_000);
  afterAll(async () => {
    await engine?.up();
    await stand?.close();
    await engine?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  test.each(['down', 'kill'] as const)('brings them back where they were after it went %s', async (how) => {
    const request = stand.request({ slots: [0, 1] });
    await stand.serve(request);
    const query = { service: 'web', revisions: ['r1'] };
    const before = await dockerPlatform.endpoints(stand.context(), query);
    const ids = await stand.containers();
    await engine[how]();
    await expect(dockerPlatform.endpoints(stand.context(), query)).rejects.toMatchObject(AWAY);
    await engine.up();
    await stand.untilHealthy(request);
    expect(await dockerPlatform.endpoints(stand.context(), query)).toEqual(before);
    expect(await stand.containers()).toEqual(ids);
    expect(await dockerPlatform.recover!(stand.context(), 'web')).toMatchObject([{ record: { id: 'r1' } }]);
  });
});
