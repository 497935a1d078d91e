import { processesOf } from '../crash/processes.ts';
import type { Victim } from './ground.ts';

/** Every process of the project's HAProxy but the one that keeps it running, which is what brings it back. */
export const HAPROXY: Victim = {
  name: 'HAProxy',
  async hit(directory) {
    const running = processesOf(directory).filter(({ command }) => /^\S*haproxy /.test(command));
    for (const { pid } of running) killQuietly(pid);
  },
  mend: async () => {},
};

/** One may end with the other. */
function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
