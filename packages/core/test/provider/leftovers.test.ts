import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endProcessesMarked, processEnviron, processesMarked } from '../../src/provider/index.ts';

const NAME = 'SLIPWAY_TEST_MARK';
let directory: string;
let started: ChildProcess[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'slipway-leftovers-'));
  started = [];
});
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

async function start(script: string, env: Record<string, string>): Promise<ChildProcess & { pid: number }> {
  const file = join(directory, 'script.sh');
  writeFileSync(file, script.replaceAll('SELF', file));
  const child = spawn('/bin/sh', [file], { env, stdio: 'ignore' });
  started.push(child);
  await once(child, 'spawn');
  return child as ChildProcess & { pid: number };
}

describe('what an interrupted run left', () => {
  it('is found by its mark, and nothing else is', async () => {
    const child = await start('exec sleep 1000', { [NAME]: directory });
    expect(await processesMarked(NAME, directory)).toEqual([child.pid]);
    expect(await processesMarked(NAME, `${directory}-other`)).toEqual([]);
  });

  // In execve(2) a process has no environment to read, though it has one before and after.
  it.runIf(process.platform === 'linux')('is found at every moment of its becoming another program', async () => {
    const child = await start('exec /bin/sh SELF', { [NAME]: directory });
    const seen: number[][] = [];
    for (let look = 0; look < 300; look++) seen.push(await processesMarked(NAME, directory));
    expect(seen.filter(([pid]) => pid !== child.pid)).toEqual([]);
    await endProcessesMarked(NAME, directory);
    expect(await processesMarked(NAME, directory)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('has no mark where it was given no environment', async () => {
    // Not by a shell: those give what they start variables of their own.
    const child = spawn('/bin/sleep', ['1000'], { env: {}, stdio: 'ignore' });
    started.push(child);
    await once(child, 'spawn');
    expect(await processEnviron(child.pid!)).toBe('');
  });
});
