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
  command
    .command('accept-key')
    .description('go on with a new key after .slipway/key was lost; every secret counts as changed then')
    .action(
      perform<[], object>(async (session) => {
        const environments = await (await session.open()).acceptKey();
        session.output.say(
          environments.length === 0
            ? 'The key is the one that the state was recorded with: nothing to do.'
            : `A new key is in force; that is put down in the journal of ${environments.join(', ')}. Every secret counts as changed: see ${session.commandLine('plan')}.`,
        );
        session.output.document({ environments });
        return exitCode.done;
      }),
    );
}
