import { execFileSync } from 'node:child_process';

/** Ends every process in a namespace, and removes it. Safe to repeat. */
export function removeHost(namespace: string): void {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const pids = quietly('ip', 'netns', 'pids', namespace).split('\n').filter(Boolean).map(Number);
    if (pids.length === 0) break;
    for (const pid of pids) killQuietly(pid);
  }
  quietly('ip', 'netns', 'delete', namespace);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

/** What the command printed. Throws when it failed. */
export function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** For what may be gone already. */
export function quietly(command: string, ...args: string[]): string {
  try {
    return run(command, ...args);
  } catch {
    return '';
  }
}
