import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnEngine } from '@slipway/provider-testkit';
import { expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { dockerPlatform } from '../src/docker-platform.ts';
import { DockerStand } from './docker-stand.ts';

const canStart = requirePart('docker') && requirePart('dockerd');
const MIB = 1024 * 1024;

test.skipIf(!canStart)('an engine whose disk is full says so, and builds once there is room', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-full-'));
  const resize = (size: string, ...how: string[]) =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', [`size=${size}`, ...how].join(), 'slipway-full', folder]);
  resize('260m');
  let engine: OwnEngine | undefined;
  let stand: DockerStand | undefined;
  try {
    engine = await OwnEngine.start(join(folder, 'e'), { images: ['debian:bookworm-slim'] });
    stand = await DockerStand.open({ host: engine.host }, engine.host);
    const Dockerfile = 'FROM debian:bookworm-slim\nCOPY large /\nCMD ["sleep", "600"]\n';
    const request = await stand.built({ Dockerfile, large: 'x'.repeat(120 * MIB) }, 'one');
    const error = await dockerPlatform.publish!(stand.context(), request).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'docker-no-space', retryable: false, hint: expect.stringContaining('prune') });
    resize('900m', 'remount');
    await dockerPlatform.publish!(stand.context(), request);
    await dockerPlatform.stage(stand.context(), request);
    expect(await stand.containers()).toHaveLength(1);
  } finally {
    await stand?.close();
    await engine?.stop();
    execFileSync('umount', [folder]);
    await rm(folder, { recursive: true, force: true });
  }
});
