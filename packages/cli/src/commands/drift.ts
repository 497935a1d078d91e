import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';
import { addWaitFlag, type WaitFlag, waitOf } from '../wait-flag.ts';

interface Flags extends WaitFlag {
  fix?: boolean;
}

export function define(command: Command): void {
  command.option('--fix', 'bring what drifted back to what is recorded');
  addWaitFlag(command).action(
    perform<[], Flags>(async (session, _, { fix, ...flags }) => {
      if (fix) {
        const [{ operate }, { requireConsent }] = await Promise.all([
          import('../operate.ts'),
          import('../confirmation.ts'),
        ]);
        requireConsent(session);
        return await operate(session, { waitForLockMs: waitOf(flags), run: (api, run) => api.fixDrift(run) });
      }
      const { isDrift, renderDrift } = await import('../render/drift.ts');
      const report = await (await session.open()).drift();
      session.output.say(...renderDrift(report, session.output, session.commandLine('drift --fix')));
      session.output.document({ ...report });
      return report.items.some(isDrift) ? exitCode.changes : exitCode.done;
    }),
  );
}
