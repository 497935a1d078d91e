import { randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Slipway } from '@slipway/core';
import { stopAgent } from '@slipway/provider-local';
import { freePort, startHosts, waitUntil, writeSample } from '@slipway/provider-testkit';
import { expect, onTestFinished, test } from 'vitest';
import { processesIn } from '../../packages/provider-haproxy/test/processes.ts';
import { forgetImages } from '../forget-images.ts';
import { inSession } from '../in-session.ts';
import { type Part, requirePart } from '../require.ts';

type Platform = 'local' | 'docker' | 'ssh';

const PARTS: Record<Platform, Part[]> = { local: ['haproxy'], docker: ['haproxy', 'docker'], ssh: ['haproxy', 'sshd'] };
const without = (platform: Platform) => PARTS[platform].map(requirePart).includes(false);

/** What the environment says of its platform; hosts are gone when the test ends. */
async function optionsOf(platform: Platform): Promise<object> {
  if (platform !== 'ssh') return { use: platform };
  const lab = await startHosts(3);
  onTestFinished(() => lab.stop());
  const hosts = lab.hosts.map(({ name, address, root }) => ({ name, address, root }));
  return { use: 'ssh', hosts, user: lab.user, key: lab.keyFile, knownHosts: lab.knownHosts, supervisor: 'shell' };
}

/** One service with three instances, behind a HAProxy that Slipway runs. */
async function openProject(platform: Platform) {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-managed-')));
  const port = await freePort();
  const options = await optionsOf(platform);
  await writeSample(join(directory, 'web'));
  // Nobody else's, since engines are shared.
  const name = `managed-${randomBytes(4).toString('hex')}`;
  const declare = (revision: string) => {
    const run =
      platform === 'docker' ? { dockerfile: 'Dockerfile', containerPort: 8080 } : { run: 'exec node server.mjs' };
    const web = {
      path: 'web',
      ...run,
      port,
      instances: 3,
      env: { REVISION: revision },
      health: { http: '/healthz', interval: '50ms', healthyAfter: 1 },
      strategy: { canary: { steps: [{ weight: 10, pause: true }] } },
    };
    const config = { name, environments: { prod: { platform: options, router: 'haproxy' } }, services: { web } };
    // JSON is YAML.
    writeFileSync(join(directory, 'slipway.yaml'), JSON.stringify(config));
  };
  const session = <T>(work: (slipway: Slipway) => Promise<T>): Promise<T> => inSession(directory, work);
  onTestFinished(async () => {
    await session((slipway) => slipway.destroy()).catch(() => {});
    await stopAgent(join(directory, '.slipway'));
    if (platform === 'docker') forgetImages(name);
    rmSync(directory, { recursive: true, force: true });
  });
  const status = async () => (await fetch(`http://127.0.0.1:${port}/`)).status;
  return { declare, session, status, haproxy: join(directory, '.slipway/haproxy/prod') };
}

/** The shell that keeps it running too, so that nothing brings it back. */
function killAll(folder: string): void {
  const { keepers, masters, workers } = processesIn(folder);
  for (const pid of [...keepers, ...masters, ...workers]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // A worker ends with its master.
    }
  }
}

test.for(['local', 'docker', 'ssh'] as const)(
  'nothing is planned for what is well on %s behind HAProxy',
  async (platform, { skip }) => {
    skip(without(platform));
    const { declare, session, status, haproxy } = await openProject(platform);
    declare('v1');
    expect((await session((slipway) => slipway.deploy())).status).toBe('completed');
    expect((await session((slipway) => slipway.plan())).steps).toEqual([]);

    killAll(haproxy);
    await waitUntil('nobody listens', () =>
      status().then(
        () => false,
        () => true,
      ),
    );
    // It is started again by whoever looks, from its config, which has all that it was told.
    expect((await session((slipway) => slipway.deploy())).steps).toEqual([]);
    expect(await status()).toBe(200);

    declare('v2');
    expect((await session((slipway) => slipway.deploy({ waitForPerson: false }))).status).toBe('waiting');
    declare('v1');
    const [change] = (await session((slipway) => slipway.plan())).changes;
    // What the rollout left goes, and no weight is other than recorded.
    expect(change?.reasons.map(({ path }) => path.replace(/web-.*/, 'ID'))).toEqual(['revisions.ID']);
  },
);
