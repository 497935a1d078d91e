import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { startHosts } from '../src/ssh-lab.ts';

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
