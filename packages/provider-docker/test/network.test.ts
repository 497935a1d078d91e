import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { dockerPlatform } from '../src/docker-platform.ts';
import { DockerStand, docker, serving } from './docker-stand.ts';

describe.skipIf(!requirePart('docker'))('the network', () => {
  let stand: DockerStand;
  const others: DockerStand[] = [];
  beforeEach(async () => {
    stand = await DockerStand.open();
  });
  afterEach(async () => {
    for (const other of others.splice(0)) await other.close();
    await stand.close();
  });
  const open = async (platform: Parameters<typeof DockerStand.open>[0]) => {
    const other = await DockerStand.open(platform);
    others.push(other);
    return other;
  };

  test('leads to the machine of the engine, by a name', async () => {
    await stand.serve(stand.request());
    const [id] = await stand.containers();
    const hosts = await docker('exec', id!, 'cat', '/etc/hosts');
    const address = /^(\S+)\s+host\.docker\.internal$/m.exec(hosts)?.[1];
    const server = createServer((_, response) => response.end('from the machine')).listen(0, address);
    await once(server, 'listening');
    try {
      const { port } = server.address() as { port: number };
      const ask = `fetch('http://host.docker.internal:${port}').then((r) => r.text()).then(console.log)`;
      expect(await docker('exec', id!, 'node', '-e', ask)).toBe('from the machine');
    } finally {
      server.close();
    }
  });

  test('lets services of an environment find each other by address, and is no other environment’s', async () => {
    await stand.serve(stand.request());
    const elsewhere = stand.context({ environment: 'elsewhere' });
    await dockerPlatform.stage(elsewhere, stand.request());
    expect(await dockerPlatform.list(elsewhere)).toHaveLength(1);
    const networks = await docker('network', 'ls', '-q', '--filter', `label=slipway.project=${stand.project}`);
    expect(networks.split('\n')).toHaveLength(2);
  });

  test('and volumes of names that read alike are not shared', async () => {
    const volumes = [{ source: 'data', target: '/data', readOnly: false }];
    const run = `date +%s%N >> /data/starts; ${serving("require('fs').readFileSync('/data/starts')")}`;
    const request = stand.request({ spec: { run, volumes } });
    const first = stand.context({ project: stand.project, environment: 'a-b' });
    const second = stand.context({ project: `${stand.project}-a`, environment: 'b' });
    try {
      for (const context of [first, second]) await dockerPlatform.stage(context, request);
      const used = await docker('volume', 'ls', '-q', '--filter', `name=${stand.project}`);
      expect(used.split('\n')).toHaveLength(2);
    } finally {
      await dockerPlatform.retire(second, request);
      await docker('volume', 'rm', `slipway-${stand.project}-a.b.data`);
    }
  });

  test('that another run takes away with its last container is made again', async () => {
    const network = `${stand.project}-shared`;
    // Two addresses of one engine: nothing in this process keeps one from the other.
    const [one, two] = await Promise.all([
      open({ network, host: 'unix:///var/run/docker.sock' }),
      open({ network, host: 'unix:///run/docker.sock' }),
    ]);
    const rounds = async (which: DockerStand) => {
      for (let round = 0; round < 4; round++) {
        await dockerPlatform.stage(which.context(), which.request());
        await dockerPlatform.retire(which.context(), which.request());
      }
    };
    await Promise.all([rounds(one), rounds(two)]);
    expect(await docker('network', 'ls', '-q', '--filter', `name=${network}`)).toBe('');
  });
});
