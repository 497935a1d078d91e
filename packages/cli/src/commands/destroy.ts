import type { Command } from 'commander';
import { perform } from '../perform.ts';
import { addPaceFlags, addSelectionFlags, type PlanFlags, planOptionsOf } from '../plan-flags.ts';
import { addWaitFlag, type WaitFlag, waitOf } from '../wait-flag.ts';

type Flags = Pick<PlanFlags, 'only' | 'tag' | 'sequential' | 'maxParallel' | 'timeout'> & WaitFlag;

export function define(command: Command): void {
  addSelectionFlags(command);
  addPaceFlags(command);
  addWaitFlag(command).action(
    perform<[], Flags>(async (session, _, flags) => {
      const [{ operate }, { requireConsent }] = await Promise.all([
        import('../operate.ts'),
        import('../confirmation.ts'),
      ]);
      requireConsent(session);
      return await operate(session, {
        waitForLockMs: waitOf(flags),
        run: (api, run) => api.destroy({ ...planOptionsOf(flags), ...run }),
      });
    }),
  );
}
