import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

export function define(command: Command): void {
  command.action(
    perform<[], object>(async (session) => {
      const { renderCost } = await import('../render/cost.ts');
      const report = await (await session.open()).cost();
      session.output.say(...renderCost(report, session.output));
      session.output.document({ ...report });
      return exitCode.done;
    }),
  );
}
