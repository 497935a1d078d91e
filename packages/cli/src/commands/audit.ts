import type { Command } from 'commander';
import { collectPairs } from '../arguments.ts';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

export function define(command: Command): void {
  command
    .command('verify')
    .description('find any altered, removed, added or reordered record')
    .option(
      '--anchor <env=seq:hash>',
      'a head that was noted earlier must still be there; may be repeated',
      collectPairs,
    )
    .action(
      perform<[], { anchor?: Record<string, string> }>(async (session, _, { anchor }) => {
        const { renderAudit } = await import('../render/audit.ts');
        const report = await (await session.open()).audit(anchor);
        session.output.say(...renderAudit(report, session.output));
        session.output.document({ ...report });
        return report.findings.length > 0 ? exitCode.failed : exitCode.done;
      }),
    );
}
