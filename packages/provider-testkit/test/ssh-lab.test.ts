import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { startHosts } from '../src/ssh-lab.ts';
import { startSystemdHosts } from '../src/ssh-lab-systemd.ts';

const STARTS = `
const { startHosts } = await import(process.argv[1]);
const { folder, hosts } = await startHosts(1);
console.log(JSON.stringify({ folder, namespace: hosts[0].namespace }));
setInterval(() => {}, 1_000);
`;

describe.skipIf(!requirePart('sshd'))('hosts', () => {
  test('that a killed process left are removed by the next one, and those of a living one are not', async () => {
    const module = new URL('../src/ssh-lab.ts', import.meta.url).href;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', STARTS, module], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(owner.stdout, 'data')) as [Buffer];
    const { folder, namespace } = JSON.parse(said.toString()) as { folder: string; namespace: string };
    const isThere = () => [existsSync(folder), existsSync(`/run/netns/${namespace}`)];
    (await startHosts(1)).stop();
    expect(isThere()).toEqual([true, true]);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(isThere()).toEqual([true, true]);
    (await startHosts(1)).stop();
    expect(isThere()).toEqual([false, false]);
  });
});

const STARTS_CONTAINERS = `
const { startSystemdHosts } = await import(process.argv[1]);
const { folder, on } = await startSystemdHosts(1);
console.log(JSON.stringify({ folder, init: on(0, 'cat', '/proc/1/comm').trim() }));
setInterval(() => {}, 1_000);
`;

describe.skipIf(!requirePart('systemd-host'))('hosts with systemd', () => {
  test('that a killed process left are removed by the next lab', async () => {
    const module = new URL('../src/ssh-lab-systemd.ts', import.meta.url).href;
    const args = ['--input-type=module', '-e', STARTS_CONTAINERS, module];
    const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(owner.stdout, 'data')) as [Buffer];
    const { folder, init } = JSON.parse(said.toString()) as { folder: string; init: string };
    expect(init).toBe('systemd');
    const mounted = () => execFileSync('docker', ['ps', '-aq', '--filter', `volume=${folder}/host0`]).toString();
    expect(mounted()).not.toBe('');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    (await startSystemdHosts(1)).stop();
    expect([mounted(), existsSync(folder)]).toEqual(['', false]);
  });
});
