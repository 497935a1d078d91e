import type { Command } from 'commander';
import { parseCount } from '../arguments.ts';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

const DEFAULT_LIMIT = 20;

export function define(command: Command): void {
  command.option('--limit <n>', `at most so many (default: ${DEFAULT_LIMIT})`, parseCount).action(
    perform<[], { limit?: number }>(async (session, _, { limit }) => {
      const { renderHistory } = await import('../render/history.ts');
      const deployments = await (await session.open()).history(limit ?? DEFAULT_LIMIT);
      session.output.say(...renderHistory(deployments, session.output));
      session.output.document({ deployments });
      return exitCode.done;
    }),
  );
}
