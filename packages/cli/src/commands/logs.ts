import type { LogLine } from '@slipway/core';
import type { Command } from 'commander';
import { parseCount } from '../arguments.ts';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

const DEFAULT_LINES = 100;

interface Flags {
  follow?: boolean;
  lines?: number;
}

export function define(command: Command): void {
  command
    .argument('<service>', 'its name')
    .option('--follow', 'go on until Ctrl-C')
    .option('--lines <n>', `so many of the newest lines (default: ${DEFAULT_LINES})`, parseCount)
    .action(
      perform<[string], Flags>(async (session, [service], { follow, lines }) => {
        const [{ describeLogLine }, { stopOnSignal }] = await Promise.all([
          import('../render/log-line.ts'),
          import('../interruption.ts'),
        ]);
        const { output } = session;
        const api = await session.open();
        const kept: LogLine[] = [];
        using stop = stopOnSignal();
        const options = { lines: lines ?? DEFAULT_LINES, follow: follow ?? false, signal: stop.signal };
        for await (const line of api.logs(service, options)) {
          if (output.mode === 'json') kept.push(line);
          else if (output.mode === 'events') output.event(line);
          else output.say(describeLogLine(line, output));
        }
        output.document({ service, lines: kept });
        return exitCode.done;
      }),
    );
}
