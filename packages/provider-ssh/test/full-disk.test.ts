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

  /** A disk of its own for the test, and how it is filled up to some blocks of 4 KiB. */
  const disk = (root: string) => {
    on(`mkdir ${root} && mount -t tmpfs -o size=1m tmpfs ${root}`);
    return {
      leave: (blocks: number) =>
        on(`rm -f ${root}/fill; free=$(df -k --output=avail ${root} | tail -n 1)
          head -c $(((free - ${blocks} * 4) * 1024)) /dev/zero > ${root}/fill`),
      free: () => on(`rm -f ${root}/fill`),
    };
  };
  const processes = (root: string) =>
    on(`for one in $(pgrep -f 'node server.cj[s]'); do readlink /proc/$one/cwd; done | grep -c '^${root}/' || :`);
  const pidIn = (release: string, file: string) => on(`cut -d ' ' -f 1 ${release}/state/${file}`);

  test.each(['shell', 'systemd'])('what crashes is started again and stays known, by %s', async (supervisor) => {
    const root = `/crash-${supervisor}`;
    const { leave, free } = disk(root);
    const context = fleet.context({ options: { root, supervisor } });
    const release = `${root}/shop/test/backend/releases/r1`;
    await fleet.serve(context, fleet.request('r1'));
    const crash = async () => {
      const before = pidIn(release, 'process');
      leave(0);
      on(`kill -9 ${before}`);
      const list = async () => (await sshPlatform.list(context)).map((one) => ({ ...one, pid: String(one.pid) }));
      await waitUntil('it runs again', async () => {
        const [one] = await list();
        return (one?.state === 'running' && one.pid !== before) || JSON.stringify(one);
      });
      expect(await sshPlatform.list(context)).toMatchObject([{ startedAt: expect.stringMatching(/^\d{4}-.*Z$/) }]);
      expect(processes(root)).toBe('1');
    };
    await crash();
    if (supervisor === 'systemd') {
      const before = pidIn(release, 'supervisor');
      on(`kill -9 ${before}`);
      await waitUntil('its supervisor is back', async () => pidIn(release, 'supervisor') !== before);
    }
    await crash();
    free();
    on(`kill -9 ${pidIn(release, 'supervisor')}`);
    await fleet.serve(context, fleet.request('r1'));
    expect(processes(root)).toBe('1');
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
    expect(processes(root)).toBe('0');
  });

  test('nothing runs that could not be written down, and it does as soon as it can', async () => {
    const root = '/unwritten';
    const { leave, free } = disk(root);
    const context = fleet.context({ options: { root, supervisor: 'shell' } });
    const release = `${root}/shop/test/backend/releases/r1`;
    await fleet.serve(context, fleet.request('r1'));
    const before = pidIn(release, 'process');
    on(`mv ${release}/state/process /tmp/process`);
    leave(0);
    on(`kill -9 ${before}`);
    // It waits for 1 s after the crash, and for longer after each start that came to nothing.
    const waits = () => on(`pgrep -aP ${pidIn(release, 'supervisor')} sleep | cut -d ' ' -f 3`);
    await waitUntil('it was tried', async () => Number(waits()) > 1 || processes(root) === '1');
    expect([processes(root), (await sshPlatform.list(context))[0]?.slots]).toEqual(['0', []]);
    free();
    const health = fleet.request('r1').spec.health;
    const probe = { service: 'backend', revision: 'r1', health };
    await waitUntil('it runs', async () => (await sshPlatform.probe(context, probe)).kind === 'healthy');
    expect(processes(root)).toBe('1');
    await sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
    expect(processes(root)).toBe('0');
  });

  test('a release is there whole or not at all, wherever it gets full', async () => {
    const root = '/partly';
    const { leave, free } = disk(root);
    const context = fleet.context({ options: { root, supervisor: 'shell' } });
    const request = fleet.request('r1');
    const revision = { service: 'backend', revision: 'r1' };
    await fleet.serve(context, request);
    await sshPlatform.retire(context, revision);
    const files = ['environment.own', 'state/port', 'state/digest', 'state/grace', 'environment.login'];
    let made = 0;
    for (let blocks = 0; made === 0 && blocks < 60; blocks += 1) {
      await sshPlatform.publish?.(context, request);
      leave(blocks);
      const staged = await sshPlatform.stage(context, request).catch((error: unknown) => error);
      const left = on(`ls -A ${root}/shop/test/backend/releases`);
      if (left === '') expect(staged).toMatchObject({ code: 'host-not-writable' });
      else {
        expect(left).toBe('r1');
        const sizes = on(`cd ${root}/shop/test/backend/releases/r1 && stat -c %s ${files.join(' ')}`).split('\n');
        expect(sizes).not.toContain('0');
      }
      if (!(staged instanceof Error)) made = blocks;
      free();
      if (left !== '') await sshPlatform.retire(context, revision);
    }
    expect(made).toBeGreaterThan(5);
  });
});
