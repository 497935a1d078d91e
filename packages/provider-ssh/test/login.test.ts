import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@slipway/provider-testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { sshPlatform } from '../src/platform/ssh-platform.ts';
import { TestFleet } from './fleet.ts';

describe.skipIf(!requirePart('sshd'))('login', () => {
  let fleet: TestFleet;
  beforeAll(async () => {
    fleet = await TestFleet.open(2);
  });
  afterAll(() => fleet?.close());

  const inventory = (hostKey: (index: number) => string | undefined) =>
    fleet.lab.hosts.map(({ name, address, root }, index) => {
      const key = hostKey(index);
      return { name, address, root, ...(key === undefined ? {} : { hostKey: key }) };
    });
  const empty = () => {
    const file = join(fleet.lab.folder, 'empty');
    writeFileSync(file, '');
    return file;
  };

  test('works with a known key and with a pinned one, and refuses an unknown one with its fingerprint', async () => {
    expect(await sshPlatform.list(fleet.context())).toEqual([]);
    const pinned = inventory((index) => fleet.lab.hosts[index]!.hostKey);
    expect(await sshPlatform.list(fleet.context({ options: { hosts: pinned, knownHosts: empty() } }))).toEqual([]);
    const unknown = sshPlatform.list(
      fleet.context({ options: { knownHosts: empty(), hosts: inventory(() => undefined).slice(0, 1) } }),
    );
    await expect(unknown).rejects.toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringContaining('SHA256:'),
      hint: expect.stringContaining(fleet.lab.hosts[0]!.hostKey),
    });
  });

  test('refuses a key that changed, even where a quorum could do without the host', async () => {
    const swapped = inventory(() => fleet.lab.hosts[0]!.hostKey);
    const listed = sshPlatform.list(fleet.context({ options: { hosts: swapped, unreachable: { quorum: 1 } } }));
    await expect(listed).rejects.toMatchObject({ code: 'host-key-changed', retryable: false });
  });

  test('refuses a revoked key, pinned or not', async () => {
    const file = join(fleet.lab.folder, 'revoked');
    writeFileSync(file, fleet.lab.hosts.map(({ hostKey }) => `@revoked * ${hostKey}\n`).join(''));
    const [pinned] = inventory((index) => fleet.lab.hosts[index]!.hostKey);
    const listed = sshPlatform.list(fleet.context({ options: { hosts: [pinned!], knownHosts: file } }));
    await expect(listed).rejects.toMatchObject({ code: 'host-key-revoked' });
  });

  test('that is refused, and a key that is of no use, are told', async () => {
    const listed = (options: Record<string, string>) => sshPlatform.list(fleet.context({ options }));
    const hostKey = join(fleet.lab.folder, 'host0-key');
    await expect(listed({ key: hostKey })).rejects.toMatchObject({ code: 'host-login-refused' });
    await expect(listed({ key: fleet.lab.knownHosts })).rejects.toMatchObject({ code: 'key-unreadable' });
    const [one] = inventory(() => undefined);
    const alone = sshPlatform.list(fleet.context({ options: { key: hostKey, hosts: [one!] } }));
    await expect(alone).rejects.toMatchObject({ code: 'host-login-refused', details: { effect: 'none' } });
  });

  test('with a key that is open to others, or needs a passphrase, is refused before anything is sent', async () => {
    const key = join(fleet.lab.folder, 'own-key');
    copyFileSync(fleet.lab.keyFile, key);
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', key]);
    const listed = (passphrase?: string) =>
      sshPlatform.list(fleet.context({ options: { key, ...(passphrase === undefined ? {} : { passphrase }) } }));
    const unreadable = (message: string) => ({ code: 'key-unreadable', message: expect.stringContaining(message) });
    await expect(listed()).rejects.toMatchObject(unreadable('passphrase'));
    await expect(listed('wrong')).rejects.toMatchObject(unreadable('of no use'));
    expect(await listed('open sesame')).toEqual([]);
    chmodSync(key, 0o644);
    const [one] = inventory(() => undefined);
    const alone = fleet.context({ options: { key, hosts: [one!] } });
    await expect(sshPlatform.list(alone)).rejects.toMatchObject(unreadable('mode 644'));
  });

  test('with an agent uses what it holds, and tells when it can not be asked', async () => {
    const { key: _key, ...platform } = fleet.context().platform;
    const listed = () => sshPlatform.list({ ...fleet.context(), platform });
    const socket = join(fleet.lab.folder, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    vi.stubEnv('SSH_AUTH_SOCK', socket);
    try {
      await waitUntil('the agent listens', async () => existsSync(socket));
      await expect(listed()).rejects.toMatchObject({ message: expect.stringContaining('the keys of the agent') });
      execFileSync('ssh-add', ['-q', fleet.lab.keyFile]);
      expect(await listed()).toEqual([]);
      vi.stubEnv('SSH_AUTH_SOCK', `${socket}-away`);
      await expect(listed()).rejects.toMatchObject({ message: expect.stringContaining("can't be asked") });
    } finally {
      vi.unstubAllEnvs();
      agent.kill();
    }
  });

  test('on a port where nobody listens is a bounded error that names the host', async () => {
    const [host] = inventory(() => undefined);
    const listed = sshPlatform.list(fleet.context({ options: { hosts: [{ ...host!, port: 2222 }] } }));
    await expect(listed).rejects.toMatchObject({
      code: 'host-unreachable',
      subject: 'host:host0',
      message: expect.stringMatching(/host0 \(10\..*port 2222\).*refused/),
      retryable: true,
    });
  });
});
