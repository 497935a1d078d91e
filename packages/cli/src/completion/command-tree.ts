import type { Command, Option } from 'commander';

/** What may stand for an option's value. */
export type ValueKind =
  | { kind: 'files' }
  | { kind: 'directories' }
  | { kind: 'choices'; choices: string[] }
  | { kind: 'any' };

export interface OptionNode {
  /** `-e`, `--env`: as typed. */
  flags: string[];
  description: string;
  /** Undefined for a switch. */
  value?: ValueKind;
}

/** One command and everything that may follow it. */
export interface CommandNode {
  /** `''` for the program, `state list` for a command of a command. */
  path: string;
  name: string;
  description: string;
  options: OptionNode[];
  /** What its first argument may be, where that is known. */
  choices: string[];
  children: CommandNode[];
}

/** The whole command tree as data for completion scripts. Options of the program are those of every command. */
export function describeTree(program: Command): CommandNode {
  return describeCommand(program, '', program.options);
}

/** All nodes of a tree, the root first. */
export function flatten(node: CommandNode): CommandNode[] {
  return [node, ...node.children.flatMap(flatten)];
}

/** Every flag that is followed by a value, once. */
export function flagsWithValue(tree: CommandNode): string[] {
  const options = flatten(tree).flatMap((node) => node.options);
  return [...new Set(options.filter(({ value }) => value !== undefined).flatMap(({ flags }) => flags))];
}

function describeCommand(command: Command, path: string, everywhere: readonly Option[]): CommandNode {
  const own = path === '' ? command.options : [...command.options, ...everywhere];
  return {
    path,
    name: command.name(),
    description: command.description(),
    options: [
      ...own.filter(({ hidden }) => !hidden).map(describeOption),
      { flags: ['-h', '--help'], description: 'print help' },
    ],
    choices: command.registeredArguments[0]?.argChoices ?? [],
    children: command.commands.map((child) => {
      return describeCommand(child, path === '' ? child.name() : `${path} ${child.name()}`, everywhere);
    }),
  };
}

function describeOption(option: Option): OptionNode {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined && flag !== null);
  const takesValue = option.required || option.optional;
  return { flags, description: option.description, ...(takesValue ? { value: valueKindOf(option) } : {}) };
}

function valueKindOf(option: Option): ValueKind {
  if (option.argChoices) return { kind: 'choices', choices: [...option.argChoices] };
  if (option.flags.includes('<file>')) return { kind: 'files' };
  if (option.flags.includes('<dir>')) return { kind: 'directories' };
  return { kind: 'any' };
}
