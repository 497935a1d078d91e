import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

export function define(command: Command): void {
  command.argument('[deployment]', 'its id, or the beginning of it (default: the newest)').action(
    perform<[string | undefined], object>(async (session, [deployment]) => {
      const [{ renderReport }, { logFileOf }] = await Promise.all([
        import('../render/report.ts'),
        import('../log-file.ts'),
      ]);
      const report = await (await session.open()).report(deployment);
      session.output.say(...renderReport(report, session.output, logFileOf(session, report.id)));
      session.output.document({ ...report });
      return exitCode.done;
    }),
  );
}
