import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answering } from './answering.ts';
import type { RolloutPeer, Site, Version } from './peer.ts';
import { run, versionOf } from './run.ts';

/**
 * A new container, a new upstream, `nginx -s reload`; the old container is stopped when the old workers have ended their
 * connections: what people script with care.
 */
export const nginxPeer: RolloutPeer = {
  name: 'nginx reload',
  async prepare() {
    const found = await versionOf('sh', '-c', 'nginx -v 2>&1');
    return 'version' in found ? { version: found.version.replace('nginx version: ', '') } : found;
  },
  async start(site) {
    await upstream(site, 'v1');
    await run('nginx', ['-p', site.folder, '-c', join(site.folder, 'nginx.conf')]);
    await answering(`http://127.0.0.1:${site.port}`);
  },
  async deploy(site, version) {
    await upstream(site, version);
    const before = await workers(site);
    await run('nginx', ['-p', site.folder, '-c', join(site.folder, 'nginx.conf'), '-s', 'reload']);
    await ended(before);
    await run('docker', ['rm', '-f', container(site, version === 'v1' ? 'v2' : 'v1')]);
  },
  async stop(site) {
    await run('nginx', ['-p', site.folder, '-c', join(site.folder, 'nginx.conf'), '-s', 'stop']).catch(() => undefined);
    for (const version of ['v1', 'v2'] as const) {
      await run('docker', ['rm', '-f', container(site, version)]).catch(() => undefined);
    }
  },
};

function container(site: Site, version: Version): string {
  return `slipway-bench-nginx-${site.port}-${version}`;
}

/** Starts the version's container, waits until it answers, and points the configuration at it. */
async function upstream(site: Site, version: Version): Promise<void> {
  const name = container(site, version);
  await run('docker', ['run', '-d', '--init', '--name', name, site.image(version)]);
  const address = (await run('docker', ['inspect', '-f', '{{.NetworkSettings.IPAddress}}', name])).trim();
  await answering(`http://${address}:8080`);
  await writeFile(
    join(site.folder, 'nginx.conf'),
    `worker_processes auto;
pid nginx.pid;
error_log error.log;
events { worker_connections 4096; }
http {
  access_log off;
  upstream web { server ${address}:8080; keepalive 64; }
  server {
    listen 127.0.0.1:${site.port};
    keepalive_requests 1000000;
    location / { proxy_pass http://web; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
  );
}

async function workers(site: Site): Promise<number[]> {
  const master = (await readFile(join(site.folder, 'nginx.pid'), 'utf8')).trim();
  const children = await readFile(`/proc/${master}/task/${master}/children`, 'utf8');
  return children.trim().split(' ').map(Number);
}

/** Waits until these processes are gone, at most 15 s. */
async function ended(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (performance.now() < deadline && pids.some((pid) => existsSync(`/proc/${pid}`))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
