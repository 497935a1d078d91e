import { type CommandNode, flatten } from './command-tree.ts';

/**
 * The part that bash and zsh share: a loop body that takes `$word` and keeps `$at` (the path of the command
 * so far) and `$skip` (the next word is a value).
 */
export function renderWalk(tree: CommandNode): string[] {
  const nodes = flatten(tree);
  const withValue = new Set(
    nodes.flatMap(({ options }) => options.filter(({ value }) => value !== undefined).flatMap(({ flags }) => flags)),
  );
  const steps = nodes.filter(({ path }) => path !== '').map(({ path }) => `"${parentOf(path)}/${lastOf(path)}"`);
  return [
    '    if [ -n "$skip" ]; then skip=""; continue; fi',
    '    case "$word" in',
    `      ${[...withValue].join('|')}) skip=1 ;;`,
    '      -*) ;;',
    '      *) case "$at/$word" in',
    `           ${steps.join('|')}) at="\${at:+$at }$word" ;;`,
    '         esac ;;',
    '    esac',
  ];
}

function parentOf(path: string): string {
  return path.includes(' ') ? path.slice(0, path.lastIndexOf(' ')) : '';
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf(' ') + 1);
}
