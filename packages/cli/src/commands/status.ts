import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

export function define(command: Command): void {
  command
    .argument('[deployment]', 'show this deployment instead of the environment')
    .option('--watch', 'show it again every second, until Ctrl-C')
    .action(
      perform<[string | undefined], { watch?: boolean }>(async (session, [deployment], { watch }) => {
        const { describeStatus, statusDocument } = await import('../look/status.ts');
        if (watch) {
          const { watchStatus } = await import('../look/watch.ts');
          return await watchStatus(session, deployment);
        }
        const { output } = session;
        const api = await session.open();
        if (output.mode === 'json') output.document(await statusDocument(api, deployment));
        output.say(...(await describeStatus(api, deployment, output)));
        return exitCode.done;
      }),
    );
}
