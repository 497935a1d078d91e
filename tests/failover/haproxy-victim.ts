import { processesOf } from '../crash/processes.ts';
import { endQuietly } from './end-quietly.ts';
import type { Victim } from './ground.ts';

/** Every process of the project's HAProxy but the one that keeps it running, which is what brings it back. */
export const HAPROXY: Victim = {
  name: 'HAProxy',
  async hit(directory) {
    const running = processesOf(directory).filter(({ command }) => /^\S*haproxy /.test(command));
    for (const { pid } of running) endQuietly(pid);
  },
  mend: async () => {},
};
