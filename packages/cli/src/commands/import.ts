import type { Command } from 'commander';
import { readAddress } from '../address-argument.ts';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

export function define(command: Command): void {
  command
    .argument('<address>', 'the declared node, such as resource:key')
    .argument('<id>', "the thing's own id, as its provider names it; of a service, the revision that users reach")
    .action(
      perform<[string, string], object>(async (session, [text, id]) => {
        const address = await readAddress(text);
        const record = await (await session.open()).import(address, id);
        session.output.say(`Recorded ${id} as ${address}. See what would change: ${session.commandLine('plan')}`);
        session.output.document({ record });
        return exitCode.done;
      }),
    );
}
