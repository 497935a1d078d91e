import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { isAlive, livenessOf, processStart } from '../../src/journal/process-identity.ts';

it('knows a process by its pid and start, and that it is gone', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const start = processStart(pid);
  expect(start).not.toBeNull();
  expect(processStart(pid)).toBe(start);
  expect(isAlive(pid, start)).toBe(true);
  expect(isAlive(pid, null)).toBe(true);
  expect(livenessOf(pid, start)).toBe('alive');
  expect(livenessOf(pid, null)).toBe('unknown');
  expect(livenessOf(process.pid, start)).toBe('dead');
  expect(isAlive(process.pid, start)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(processStart(pid)).toBeNull();
  expect(isAlive(pid, start)).toBe(false);
  expect(isAlive(pid, null)).toBe(false);
  expect(livenessOf(pid, start)).toBe('dead');
  expect(livenessOf(pid, null)).toBe('dead');
});
