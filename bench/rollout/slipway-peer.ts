import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installSlipway } from '../measure/install-slipway.ts';
import type { RolloutPeer, Site, Version } from './peer.ts';
import { run } from './run.ts';

let binary = '';

/** `slipway deploy` on Docker behind HAProxy, blue-green, with probe, switch, verification and drain. */
export const slipwayPeer: RolloutPeer = {
  name: 'slipway',
  async prepare() {
    const installed = await installSlipway();
    binary = installed.binary;
    return { version: installed.version };
  },
  async start(site) {
    await writeFile(
      join(site.folder, 'slipway.yaml'),
      `name: bench-rollout
environments:
  bench: { platform: docker, router: haproxy }
services:
  web:
    image: \${env:BENCH_IMAGE}
    containerPort: 8080
    port: ${site.port}
    health: { http: /, interval: 250ms }
    strategy: { blue-green: { drain: 10s, keepOld: false } }
`,
    );
    await deploy(site, 'v1');
  },
  deploy,
  async stop(site) {
    await slipway(site, 'v1', 'destroy').catch(() => undefined);
  },
};

async function deploy(site: Site, version: Version): Promise<void> {
  await slipway(site, version, 'deploy');
}

async function slipway(site: Site, version: Version, command: string): Promise<void> {
  const env = { BENCH_IMAGE: site.image(version) };
  await run(process.execPath, [binary, command, '-e', 'bench', '--yes'], { cwd: site.folder, env });
}
