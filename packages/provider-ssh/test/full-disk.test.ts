import type { SystemdLab } from '@slipway/provider-testkit';
import { waitUntil } from '@slipway/provider-testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { sshPlatform } from '../src/platform/ssh-platform.ts';
import { TestFleet } from './fleet.ts';

describe.skipIf(!requirePart('systemd-host'))('on a full disk', () => {
  let fleet: TestFleet<SystemdLab>;
  beforeAll(async () => {
    fleet = await TestFleet.openWithSystemd(1);
  }, 60_000);
  afterAll(() => fleet?.close());

  const on = (script: string) => fleet.lab.on(0, 'sh', '-c', script).trim();
  const folder = '/full/shop/test/backend';

  test('what is deployed says so and leaves nothing half; what runs goes on', async () => {
    on('mkdir /full && mount -t tmpfs -o size=1m tmpfs /full');
    const context = fleet.context({ options: { root: '/full' } });
    // It counts the lines that it could write, elsewhere.
    const writes = 'i=0; while :; do printf %010000d 0; i=$((i + 1)); echo $i > /tmp/written; sleep 0.001; done';
    const run = `{ ${writes}; } & exec node server.cjs > /dev/null`;
    const request = fleet.request('r1');
    await fleet.serve(context, { ...request, spec: { ...request.spec, run } });
    const before = await fleet.ask(context, 'r1', 0);
    const free = () => on('df --output=avail /full | tail -n 1');
    await waitUntil('it is full of logs', async () => free() === '0' || free());
    const written = () => Number(on('cat /tmp/written'));
    const atFirst = written();
    await waitUntil('it writes on', async () => written() > atFirst + 100 || written());
    await expect(fleet.serve(context, fleet.request('r2'))).rejects.toMatchObject({
      code: 'host-not-writable',
      hint: expect.stringContaining('free space'),
    });
    expect(on(`ls -A ${folder}/artifacts ${folder}/releases`)).not.toContain('r2');
    expect(await fleet.ask(context, 'r1', 0)).toEqual(before);
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
    on(`rm ${folder}/log/r1/*`);
    await fleet.serve(context, fleet.request('r2'));
    await sshPlatform.retire(context, { service: 'backend', revision: 'r2' });
    expect(await sshPlatform.list(context)).toEqual([]);
  });
});
