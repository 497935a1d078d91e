import type { Command } from 'commander';
import { collectList, parseCount } from '../arguments.ts';
import { perform } from '../perform.ts';
import { addWaitFlag, type WaitFlag, waitOf } from '../wait-flag.ts';

interface Flags extends WaitFlag {
  to?: string;
  only?: string[];
  maxParallel?: number;
}

export function define(command: Command): void {
  command
    .option('--to <deployment|version>', 'what comes back (default: the last stable deployment before the newest)')
    .option('--only <names>', 'only these services and resources, comma-separated', collectList)
    .option('--max-parallel <n>', 'at most so many steps at once', parseCount);
  addWaitFlag(command).action(
    perform<[], Flags>(async (session, _, { to, only, maxParallel, ...flags }) => {
      const [{ operate }, { requireConsent }] = await Promise.all([
        import('../operate.ts'),
        import('../confirmation.ts'),
      ]);
      requireConsent(session);
      const options = {
        ...(to === undefined ? {} : { to }),
        ...(only === undefined ? {} : { only }),
        ...(maxParallel === undefined ? {} : { maxParallel }),
      };
      return await operate(session, {
        waitForLockMs: waitOf(flags),
        goesBack: true,
        run: (api, run) => api.rollback({ ...options, ...run }),
      });
    }),
  );
}
