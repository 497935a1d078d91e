import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Slipway } from '@slipway/core';
import { stopAgent } from '@slipway/provider-local';
import { freePort, startLoad, writeSample } from '@slipway/provider-testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRemoteStand, type RemoteStand } from '../../packages/provider-docker/test/remote-stand.ts';
import { inSession } from '../in-session.ts';
import { requirePart } from '../require.ts';

const lacks = (['docker', 'dockerd', 'sshd'] as const).filter((part) => !requirePart(part));

// The tests build on one another, as a person goes about it who brings a service out on an engine of another machine.
describe.skipIf(lacks.length > 0)('a project on an engine of another machine', () => {
  let remote: RemoteStand;
  let directory: string;
  let port: number;
  let tls: { ca: string; cert: string; key: string };

  beforeAll(async () => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-far-')));
    remote = await openRemoteStand();
    port = await freePort();
    mkdirSync(join(directory, '.slipway'));
    tls = remote.authority.issue('client', '127.0.0.1');
    await writeSample(join(directory, 'web'));
  }, 120_000);
  afterAll(async () => {
    if (directory !== undefined) await stopAgent(join(directory, '.slipway'));
    await remote?.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  const session = <T>(work: (slipway: Slipway) => Promise<T>): Promise<T> => inSession(directory, work);
  /** JSON is YAML. */
  const declare = (platform: object, dockerfile = 'Dockerfile', version = 'v1') => {
    const health = { http: '/healthz', interval: '100ms', healthyAfter: 1 };
    const web = { path: 'web', dockerfile, containerPort: 8080, port, health, env: { REVISION: version } };
    const environment = { platform: { use: 'docker', host: remote.host, tls, ...platform }, router: 'local' };
    const config = { name: 'far', environments: { live: environment }, services: { web } };
    writeFileSync(join(directory, 'slipway.yaml'), JSON.stringify(config));
  };
  const planned = () => session((slipway) => slipway.plan()).catch((error: unknown) => error);

  test('the plan is refused until it is said where it is reached', async () => {
    declare({});
    expect(await planned()).toMatchObject({
      code: 'capability-missing',
      message: expect.stringContaining(remote.host),
      hint: expect.stringContaining('`publish` in environments.live.platform'),
    });
  });

  test('the plan is refused for a Dockerfile that is not there, with its place', async () => {
    declare({ publish: remote.address }, 'build/Dockerfile');
    expect(await planned()).toMatchObject({
      code: 'capability-missing',
      message: expect.stringContaining('service:web: there is no web/build/Dockerfile'),
      hint: expect.stringContaining('services.web.dockerfile'),
    });
  });

  test('it is brought out, and a new version without one failed request', async () => {
    declare({ publish: remote.address });
    expect(await session((slipway) => slipway.deploy())).toMatchObject({ status: 'completed' });
    const load = startLoad(`http://127.0.0.1:${port}`);
    declare({ publish: remote.address }, 'Dockerfile', 'v2');
    expect(await session((slipway) => slipway.deploy())).toMatchObject({ status: 'completed' });
    expect(await load.stop()).toMatchObject({ failed: 0, reasons: {} });
    const { services } = await session((slipway) => slipway.status());
    expect(services).toMatchObject([{ name: 'web', health: 'healthy' }]);
  });

  test('with a certificate that has expired nothing is begun, and what runs serves on', async () => {
    tls = remote.authority.issue('old', '127.0.0.1', 0);
    declare({ publish: remote.address }, 'Dockerfile', 'v3');
    const report = await session((slipway) => slipway.deploy());
    expect(report).toMatchObject({ status: 'failed', error: { code: 'docker-tls-file-unusable' } });
    expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(200);
    tls = remote.authority.issue('client', '127.0.0.1');
  });

  test('it goes without a trace', async () => {
    declare({ publish: remote.address });
    await session((slipway) => slipway.rollback()).catch(() => {});
    expect(await session((slipway) => slipway.destroy())).toMatchObject({ status: 'completed' });
    const left = (...what: string[]) =>
      execFileSync('docker', ['-H', remote.socket, ...what, '--quiet', '--filter', 'label=slipway.project=far']);
    expect(String(left('ps', '--all'))).toBe('');
    expect(String(left('network', 'ls'))).toBe('');
  });
});
