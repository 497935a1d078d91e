import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a process may take from giving up its old image to having the new one. */
const EXEC_WITHIN_MS = 1_000;

/** Among the fields of `/proc/PID/stat` that follow the command's name; see proc_pid_stat(5). */
const VSIZE = 20;
const ENV_START = 47;
const ENV_END = 48;

/**
 * What `/proc/PID/environ` holds: `NAME=value`, each ended by a NUL; empty for the kernel's own threads and for a
 * process that was given none. Linux only. Reading it once isn't enough: while a process is in execve(2) its
 * environment is empty too, though it has one before and after, so then this waits, a second at most. Rejects as
 * `readFile` does when the process is gone or another user's.
 */
export async function processEnviron(pid: number): Promise<string> {
  const deadline = Date.now() + EXEC_WITHIN_MS;
  for (;;) {
    const environ = await readFile(`/proc/${pid}/environ`, 'latin1');
    if (environ !== '' || (await hasNone(pid)) || Date.now() > deadline) return environ;
    await sleep(1);
  }
}

/** False while its program is being loaded, and when that has just been done. */
async function hasNone(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isThreadOfKernel = fields[VSIZE] === '0';
  return isThreadOfKernel || (fields[ENV_START] !== '0' && fields[ENV_START] === fields[ENV_END]);
}
