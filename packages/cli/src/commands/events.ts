import type { JournalEvent } from '@slipway/core';
import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

export function define(command: Command): void {
  command
    .argument('[deployment]', 'its id (default: the newest)')
    .option('--follow', 'go on until the deployment ends, or Ctrl-C')
    .action(
      perform<[string | undefined], { follow?: boolean }>(async (session, [deployment], { follow }) => {
        const [{ describeEvent }, { stopOnSignal }] = await Promise.all([
          import('../render/event.ts'),
          import('../interruption.ts'),
        ]);
        const { output } = session;
        const api = await session.open();
        const events: JournalEvent[] = [];
        using stop = stopOnSignal();
        for await (const event of api.events(deployment, { follow: follow ?? false, signal: stop.signal })) {
          if (output.mode === 'json') events.push(event);
          else if (output.mode === 'events') output.event(event);
          else output.say(describeEvent(event, output));
        }
        output.document({ events });
        return exitCode.done;
      }),
    );
}
