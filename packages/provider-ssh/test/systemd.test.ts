import { createHash } from 'node:crypto';
import type { CallContext } from '@slipway/core/provider';
import { type SystemdLab, waitUntil } from '@slipway/provider-testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { sshPlatform } from '../src/platform/ssh-platform.ts';
import { TestFleet } from './fleet.ts';

type User = SystemdLab['users'][number];

describe.skipIf(!requirePart('systemd-host'))('a host with systemd', () => {
  let fleet: TestFleet<SystemdLab>;
  beforeAll(async () => {
    fleet = await TestFleet.openWithSystemd(1);
  }, 60_000);
  afterAll(() => fleet?.close());

  const on = (script: string) => fleet.lab.on(0, 'sh', '-c', script).trim();
  const used = new Set<CallContext>();
  /** An environment of its own, so that what one test left doesn't show in another. */
  const as = (user: User, environment: string, options = {}) => {
    const context = fleet.context({ environment, options: { user, ...options } });
    used.add(context);
    return context;
  };
  afterEach(async () => {
    for (const context of used) await retire(context);
    used.clear();
  });
  const request = (change: Parameters<typeof fleet.request>[1] = {}) => fleet.request('r1', { slots: [0], ...change });
  const retire = (context: CallContext) => sshPlatform.retire(context, { service: 'backend', revision: 'r1' });
  const pid = async (context: CallContext) => (await fleet.ask(context, 'r1', 0)).pid;

  const homes: Record<User, string> = { root: '/opt', lasting: '/home/lasting', passing: '/home/passing' };
  const release = (user: User, environment: string) => `${homes[user]}/slipway/shop/${environment}/backend/releases/r1`;
  const unitOf = (user: User, environment: string) =>
    `slipway-${createHash('sha256').update(release(user, environment)).digest('hex').slice(0, 16)}.service`;
  /** Every file and link of the release's unit, and what systemd knows of it. */
  const tracesOf = (user: User, environment: string) => {
    const unit = unitOf(user, environment);
    const list = 'list-units --all --plain --no-legend';
    return on(
      `find /etc/systemd /home/*/.config -name '*${unit}' 2> /dev/null; systemctl ${list} ${unit}
      runuser -u lasting -- env XDG_RUNTIME_DIR=/run/user/$(id -u lasting) systemctl --user ${list} ${unit}`,
    );
  };
  const supervisorOf = (user: User, environment: string) =>
    Number(on(`cut -d ' ' -f 1 ${release(user, environment)}/state/supervisor`));
  /** Who asked for the process, by its control group. */
  const groupOf = (process: number) => on(`sed -n 's/^0:://p' /proc/${process}/cgroup`);
  const processesOf = (user: User) => Number(on(`pgrep -u ${user} -fc 'node server.cj[s]' || :`));

  test.each([
    ['root', /^\/system\.slice\/slipway-[0-9a-f]{16}\.service$/],
    ['lasting', /^\/user\.slice\/.*\/user@\d+\.service\/app\.slice\/slipway-[0-9a-f]{16}\.service$/],
    ['passing', /session/],
  ] as const)('is used by %s as far as this user may, and the service outlives the login', async (user, group) => {
    const context = as(user, 'used');
    await fleet.serve(context, request());
    const before = await pid(context);
    expect(groupOf(before)).toMatch(group);
    on(`for session in $(pgrep -f "[s]shd: ${user}"); do kill $session || :; done`);
    await waitUntil('nobody is logged in', async () => on(`pgrep -fc "[s]shd: ${user}" || :`) === '0');
    // The connection was closed under the platform: the call that finds out fails, as it may.
    await waitUntil('it is asked anew', async () => (await pid(context).catch(() => 0)) === before);
    await retire(context);
    expect(tracesOf(user, 'used')).toBe('');
    expect(processesOf(user)).toBe(0);
  });

  test('gives a service the same variables as a login does', async () => {
    const asked = 'HOME LOGNAME PATH SHELL USER LC_ALL SSH_CONNECTION';
    const spec = {
      ...request().spec,
      run: `for name in ${asked}; do eval "echo $name=\\$$name"; done; exec node server.cjs`,
    };
    const said: string[][] = [];
    for (const supervisor of ['shell', 'systemd']) {
      const context = as('lasting', `variables-${supervisor}`, { supervisor });
      await fleet.serve(context, request({ spec }));
      let lines: string[] = [];
      await waitUntil('it has said them all', async () => {
        lines = [];
        for await (const { stream, text } of sshPlatform.logs(context, {
          service: 'backend',
          lines: 50,
          follow: false,
        }))
          if (stream === 'stdout' && /^[A-Z_]+=/.test(text)) lines.push(text);
        return lines.length >= asked.split(' ').length || lines;
      });
      said.push(lines);
      await retire(context);
    }
    expect(said[0]).toEqual(
      expect.arrayContaining(['HOME=/home/lasting', 'USER=lasting', 'LC_ALL=', 'SSH_CONNECTION=']),
    );
    expect(said[1]).toEqual(said[0]);
  });

  test('comes back with what it ran, by user as far as that user may', async () => {
    const contexts = fleet.lab.users.map((user) => as(user, 'booted'));
    for (const context of contexts) await fleet.serve(context, request());
    const state = async (context: CallContext) => (await sshPlatform.list(context)).map((one) => one.state).join();
    for (const powerLoss of [false, true]) {
      await fleet.lab.restart(0, { powerLoss });
      for (const [index, context] of contexts.slice(0, 2).entries()) {
        await waitUntil('it runs again', async () => (await state(context)) === 'running' || (await state(context)));
        await waitUntil('it answers again', async () => (await pid(context).catch(() => 0)) > 0);
        expect(processesOf(fleet.lab.users[index]!)).toBe(1);
      }
      expect(await state(contexts[2]!)).toBe('stopped');
    }
    await fleet.serve(contexts[2]!, request());
    expect(processesOf('passing')).toBe(1);
    for (const context of contexts) await retire(context);
  });

  test('starts a crashed service again, and a killed supervisor, which takes back what runs', async () => {
    const context = as('root', 'crashed');
    await fleet.serve(context, request());
    const before = await pid(context);
    const supervisor = supervisorOf('root', 'crashed');
    on(`kill -9 ${supervisor}`);
    await waitUntil('the supervisor is back', async () => {
      const now = supervisorOf('root', 'crashed');
      return (now !== supervisor && on(`[ -d /proc/${now} ] && echo runs || :`) === 'runs') || now;
    });
    expect(await pid(context)).toBe(before);
    on(`kill -9 ${before}`);
    await waitUntil('another process answers', async () => ![0, before].includes(await pid(context).catch(() => 0)));
    expect(processesOf('root')).toBe(1);
    await retire(context);
    expect(processesOf('root')).toBe(0);
  });

  test('stops a service with its grace, also one that does not end by itself', async () => {
    const context = as('root', 'graceful');
    const run = `trap 'sleep 0.5; echo finished; exit 0' TERM; node server.cjs & while :; do wait; done`;
    const spec = { ...request().spec, run };
    await fleet.serve(context, request({ spec }));
    await sshPlatform.activated?.(context, { service: 'backend', revision: 'r1' });
    await retire(context);
    expect(on('cat /opt/slipway/shop/graceful/backend/log/r1/stdout')).toContain('finished');
    const stubborn = {
      ...spec,
      run: `trap '' TERM; exec node -e "process.on('SIGTERM', () => {}); require('./server.cjs')"`,
      stopGraceMs: 500,
    };
    await fleet.serve(context, request({ spec: stubborn }));
    await retire(context);
    expect([tracesOf('root', 'graceful'), processesOf('root')]).toEqual(['', 0]);
  });

  test('shows no secret: not in units, not to systemctl, not in arguments', async () => {
    const secret = 'correct horse battery staple';
    const context = as('root', 'secret');
    await fleet.serve(context, request({ env: { REVISION: 'r1', TOKEN: secret }, secrets: [secret] }));
    const unit = unitOf('root', 'secret');
    const shown = on(`systemctl cat ${unit}; systemctl show ${unit}; journalctl -u ${unit}; cat /proc/[0-9]*/cmdline`);
    expect(shown).toContain(unit);
    expect(shown).not.toContain(secret);
    const holders = on(
      `cd ${release('root', 'secret')}; grep -rl '${secret}' /opt /etc /run /var /tmp | sort | xargs stat -c '%a %n'`,
    );
    expect(holders).toBe(['environment', 'mask'].map((file) => `600 ${release('root', 'secret')}/${file}`).join('\n'));
    await retire(context);
  });

  test.each(['before', 'after'])(
    'a call that dies %s it was asked starts nothing twice, and leaves nothing',
    async (when) => {
      const context = as('root', `killed-${when}`);
      const ask = '/usr/bin/systemctl "$@"';
      const kill = 'case "$*" in *able*) kill -9 $PPID ;; esac';
      const lines = ['#!/bin/sh', ...(when === 'before' ? [kill, ask] : [ask, kill])];
      const dies = async (call: () => Promise<unknown>) => {
        const file = '/usr/local/sbin/systemctl';
        on(`printf '%s\n' '${lines.join("' '")}' > ${file}; chmod +x ${file}`);
        try {
          await expect(call()).rejects.toMatchObject({ code: 'host-command-failed' });
        } finally {
          on(`rm ${file}`);
        }
      };
      await sshPlatform.publish?.(context, request());
      await dies(() => sshPlatform.stage(context, request()));
      await fleet.serve(context, request());
      expect(processesOf('root')).toBe(1);
      await dies(() => retire(context));
      await retire(context);
      await dies(() => sshPlatform.stage(context, request()));
      await retire(context);
      expect([tracesOf('root', `killed-${when}`), processesOf('root')]).toEqual(['', 0]);
    },
  );

  test('or without: what a revision was started with stands while it runs, whatever is wanted meanwhile', async () => {
    const [shell, systemd] = ['shell', 'systemd'].map((supervisor) => as('root', 'changed', { supervisor }));
    await fleet.serve(shell!, request());
    const before = await pid(shell!);
    await fleet.serve(systemd!, request());
    on(`kill -9 ${supervisorOf('root', 'changed')}`);
    await fleet.serve(systemd!, request());
    expect([await pid(systemd!), tracesOf('root', 'changed')]).toEqual([before, '']);
    on(`kill -9 ${supervisorOf('root', 'changed')}; kill -9 ${before}`);
    await fleet.serve(systemd!, request());
    const after = await pid(systemd!);
    await fleet.serve(shell!, request());
    expect(await pid(shell!)).toBe(after);
    expect(tracesOf('root', 'changed')).not.toBe('');
    on(`systemctl stop "slipway-*"`);
    await fleet.serve(shell!, request());
    expect(tracesOf('root', 'changed')).toBe('');
    expect(processesOf('root')).toBe(1);
    await retire(shell!);
    expect(processesOf('root')).toBe(0);
  });

  test.each([
    ['/srv/theirs', 'written'],
    ['/srv/elsewhere', 'made'],
    ['/etc/hostname/below', 'made'],
  ])('says so where the user has no rights: %s', async (root, how) => {
    on('mkdir -p /srv/theirs/.slipway');
    const listed = sshPlatform.list(fleet.context({ options: { user: 'passing', root } }));
    await expect(listed).rejects.toMatchObject({
      code: 'host-not-writable',
      subject: 'host:host0',
      message: expect.stringMatching(new RegExp(`${root}/.slipway can't be ${how}`)),
      hint: expect.stringContaining('ights'),
    });
  });

  test('that a user may not use is refused where it was asked for', async () => {
    const context = as('passing', 'refused', { supervisor: 'systemd' });
    await expect(fleet.serve(context, request())).rejects.toMatchObject({
      code: 'host-lacks-program',
      hint: expect.stringContaining('enable-linger'),
    });
    await retire(context);
    expect(await sshPlatform.list(context)).toEqual([]);
  });
});
