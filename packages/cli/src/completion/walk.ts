import { type CommandNode, flagsWithValue, flatten, type ValueKind } from './command-tree.ts';

/**
 * The part that bash and zsh share: a loop body that takes `$word` and keeps `$at` (the path of the command
 * so far) and `$skip` (the next word is a value).
 */
export function renderWalk(tree: CommandNode): string[] {
  const nodes = flatten(tree);
  const steps = nodes.filter(({ path }) => path !== '').map(({ path }) => `"${parentOf(path)}/${lastOf(path)}"`);
  return [
    '    if [ -n "$skip" ]; then skip=""; continue; fi',
    '    case "$word" in',
    `      ${flagsWithValue(tree).join('|')}) skip=1 ;;`,
    '      -*) ;;',
    '      *) case "$at/$word" in',
    `           ${steps.join('|')}) at="\${at:+$at }$word" ;;`,
    '         esac ;;',
    '    esac',
  ];
}

/**
 * What bash and zsh do where an option's value is typed: a `case` over the command so far (`$at`) and the word
 * before (`$prev`). `complete`: the shell's own command for such a value.
 */
export function renderValues(tree: CommandNode, complete: (value: ValueKind) => string): string[] {
  const cases = flatten(tree).flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) => {
      if (value === undefined) return [];
      return [`    ${flags.map((flag) => `"${path}/${flag}"`).join('|')}) ${complete(value)} ;;`];
    }),
  );
  return ['  case "$at/$prev" in', ...cases, '  esac'];
}

function parentOf(path: string): string {
  return path.includes(' ') ? path.slice(0, path.lastIndexOf(' ')) : '';
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf(' ') + 1);
}
