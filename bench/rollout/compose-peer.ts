import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answering } from './answering.ts';
import type { RolloutPeer, Site, Version } from './peer.ts';
import { run, versionOf } from './run.ts';

const compose = (site: Site, ...args: string[]) => run('docker-compose', args, { cwd: site.folder });

/** `docker-compose up -d` with another image: the container is stopped and a new one takes its place. */
export const composePeer: RolloutPeer = {
  name: 'docker-compose',
  prepare: () => versionOf('docker-compose', 'version', '--short'),
  async start(site) {
    await up(site, 'v1');
    await answering(`http://127.0.0.1:${site.port}`);
  },
  deploy: up,
  async stop(site) {
    await compose(site, 'down', '--timeout', '2').catch(() => undefined);
  },
};

async function up(site: Site, version: Version): Promise<void> {
  await writeFile(
    join(site.folder, 'docker-compose.yml'),
    `version: '3'
services:
  web:
    image: ${site.image(version)}
    ports: ['127.0.0.1:${site.port}:8080']
    stop_grace_period: 10s
`,
  );
  await compose(site, 'up', '-d');
}
