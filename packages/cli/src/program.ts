import { createRequire } from 'node:module';
import { Command, Option } from 'commander';
import { parseText } from './arguments.ts';
import { type CommandEntry, commandTable } from './command-table.ts';
import { exitCode, exitCodeMeaning } from './exit-code.ts';

/** What every command takes. */
export interface GlobalOptions {
  /** `-C`: the folder of the config. */
  directory?: string;
  config?: string;
  env?: string;
  json?: boolean;
  events?: boolean;
  yes?: boolean;
  /** The environment that may be changed without asking, protected or not. */
  confirm?: string;
  verbose?: boolean;
}

export const HELP_HINT = 'Add --help to see what it takes.';

/**
 * The program with all command names; a command's own arguments and options are added when it is used, from
 * its own file, so that `--help` reads no more than it prints.
 */
export function buildProgram(): Command {
  const program = new Command('slipway')
    .description('Deploys what a project declares: infrastructure and services, one plan, one journal.')
    .usage('[options] <command>')
    .option('-C, --directory <dir>', 'folder of the config (default: this one)', parseText)
    .option('--config <file>', 'config file, relative to the folder', parseText)
    .option('-e, --env <name>', 'environment (default: the only one)', parseText)
    .option('--json', 'print one JSON document on stdout')
    .addOption(
      new Option('--events', 'print journal events on stdout, one JSON line each, as they happen').conflicts('json'),
    )
    .option('-y, --yes', 'change without asking, but for protected environments')
    .option('--confirm <environment>', 'change this one without asking, protected too (or SLIPWAY_CONFIRM)')
    .option('-v, --verbose', 'show every provider call, and the stack of an unexpected error')
    .version(ownVersion(), '--version', "print Slipway's version")
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('afterAll', exitCodesHelp())
    .showSuggestionAfterError()
    .showHelpAfterError(HELP_HINT)
    .exitOverride();
  const entries = new Map<string, CommandEntry>();
  for (const [heading, group] of Object.entries(commandTable)) {
    program.commandsGroup(heading);
    for (const entry of group) {
      entries.set(entry.name, entry);
      program.command(entry.name).description(entry.summary);
    }
  }
  program.commandsGroup('');
  program.hook('preSubcommand', async (_, command) => {
    const entry = entries.get(command.name());
    if (entry) (await entry.load()).define(command);
  });
  return program;
}

/** Like {@link buildProgram}, with every command's arguments and options: what completion scripts are made from. */
export async function buildWholeProgram(): Promise<Command> {
  const program = buildProgram();
  const entries = new Map(
    Object.values(commandTable)
      .flat()
      .map((entry) => [entry.name, entry]),
  );
  for (const command of program.commands) {
    const entry = entries.get(command.name());
    if (entry) (await entry.load()).define(command);
  }
  return program;
}

function ownVersion(): string {
  return (createRequire(import.meta.url)('../package.json') as { version: string }).version;
}

function exitCodesHelp(): string {
  const lines = Object.values(exitCode).map((code) => `  ${String(code).padEnd(4)} ${exitCodeMeaning[code]}`);
  return `\nExit codes:\n${lines.join('\n')}`;
}
