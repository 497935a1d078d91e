import { commandTable } from '../command-table.ts';
import type { GlobalOptions } from '../program.ts';

/** What leads to a project and an environment. */
export type Place = Pick<GlobalOptions, 'directory' | 'config' | 'env'>;

const NAMES = Object.values(commandTable).flatMap((group) => group.map(({ name }) => name));
const COMMAND = new RegExp(`\\bslipway (?:${NAMES.join('|')})(?![\\w-])`, 'g');
/** Up to where a command goes on in a sentence. */
const REST = /^(?:[^`;,()\n.]|\.(?! |$))*/;
const NEEDS_NO_QUOTES = /^[\w@%+=:,./-]+$/;

/** The flags that lead there, as a shell takes them. */
export function flagsTo({ directory, config, env }: Place): string[] {
  return [
    ...(directory === undefined ? [] : ['-C', quoted(directory)]),
    ...(config === undefined ? [] : ['--config', quoted(config)]),
    ...(env === undefined ? [] : ['-e', quoted(env)]),
  ];
}

/** Gives the commands that a text names the flags that the person gave, so that they can be copied as they stand. */
export function copyable(text: string, place: Place): string {
  return text.replace(COMMAND, (command, at: number) => {
    const rest = REST.exec(text.slice(at + command.length))![0];
    const { directory, config, env } = place;
    const missing = {
      ...(directory === undefined || / -C\b/.test(rest) ? {} : { directory }),
      ...(config === undefined || / --config\b/.test(rest) ? {} : { config }),
      ...(env === undefined || / (-e|--env)\b/.test(rest) ? {} : { env }),
    };
    return [command, ...flagsTo(missing)].join(' ');
  });
}

function quoted(word: string): string {
  return NEEDS_NO_QUOTES.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
