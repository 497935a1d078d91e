import type { Command } from 'commander';
import { readAddress } from '../address-argument.ts';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

export function define(command: Command): void {
  command.command('list').description('everything that is recorded').action(list);
  command.command('show').description('one record, whole').argument('<address>').action(show);
  command
    .command('mv')
    .description('record a thing under another address')
    .argument('<from>')
    .argument('<to>')
    .action(move);
  command.command('rm').description('forget a thing without removing it').argument('<address>').action(forget);
}

const list = perform<[], object>(async (session) => {
  const { renderState, stateDocument } = await import('../render/state.ts');
  const state = await (await session.open()).state();
  session.output.say(...renderState(state, session.output));
  session.output.document(stateDocument(state));
  return exitCode.done;
});

const show = perform<[string], object>(async (session, [text]) => {
  const address = await readAddress(text);
  const record = (await (await session.open()).state()).get(address);
  if (!record) {
    const { SlipwayError } = await import('@slipway/core/provider');
    throw new SlipwayError('usage', `${address} is not recorded.`, {
      subject: address,
      hint: `See what is: ${session.commandLine('state list')}`,
    });
  }
  session.output.say(JSON.stringify(record, null, 2));
  session.output.document({ record });
  return exitCode.done;
});

const move = perform<[string, string], object>(async (session, [from, to]) => {
  const [source, target] = await Promise.all([readAddress(from), readAddress(to)]);
  await (await session.open()).moveState(source, target);
  session.output.say(`${from} is now recorded as ${to}.`);
  session.output.document({ from, to });
  return exitCode.done;
});

const forget = perform<[string], object>(async (session, [text]) => {
  const address = await readAddress(text);
  await (await session.open()).removeState(address);
  session.output.say(`${address} is forgotten. The thing itself is still there; nothing manages it now.`);
  session.output.document({ address });
  return exitCode.done;
});
