import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';
import type { Session } from '../session.ts';

export function define(command: Command): void {
  command.command('status').description('whether it runs, and how much it runs').action(status);
  command.command('stop').description('end the services that it runs, then the agent').action(stop);
}

const status = perform<[], object>(async (session) => {
  await requireFolderOf(session);
  const [{ agentStatus }, { renderAgentStatus }] = await Promise.all([
    import('@slipway/provider-local'),
    import('../render/agent.ts'),
  ]);
  const found = await agentStatus(session.stateDirectory);
  session.output.say(renderAgentStatus(found, session.output));
  session.output.document({ ...found });
  return exitCode.done;
});

const stop = perform<[], object>(async (session) => {
  await requireFolderOf(session);
  const [{ stopAgent }, { renderAgentStopped }] = await Promise.all([
    import('@slipway/provider-local'),
    import('../render/agent.ts'),
  ]);
  const result = await stopAgent(session.stateDirectory);
  session.output.say(renderAgentStopped(result, session.commandLine('deploy')));
  session.output.document({ ...result });
  return exitCode.done;
});

/** An agent needs no config, so a mistyped folder would look like one in which nothing runs. */
async function requireFolderOf({ directory }: Session): Promise<void> {
  const { requireFolder } = await import('@slipway/core');
  await requireFolder(directory);
}
