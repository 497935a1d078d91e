import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** Runs one of the scripts beside this file in a process of its own, gone at the latest when the test is over. */
export function spawnChild(script: string, ...args: string[]): ChildProcess & { output(): string } {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, ['-C', 'slipway-source', path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  return Object.assign(child, { output: () => output });
}

/** Resolves when the child is gone and all that it said was read. */
export async function closed(child: ChildProcess): Promise<void> {
  await once(child, 'close');
}
