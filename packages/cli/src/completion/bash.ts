import { type CommandNode, flatten, type ValueKind } from './command-tree.ts';
import { renderValues, renderWalk } from './walk.ts';

/** For bash 3.2 and later, without the bash-completion package. */
export function renderBash(tree: CommandNode): string[] {
  return [
    '# bash completion for slipway',
    '_slipway() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="" at="" skip="" word i words=""',
    '  COMPREPLY=()',
    '  [ "$COMP_CWORD" -gt 0 ] && prev="${COMP_WORDS[COMP_CWORD-1]}"',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    word="${COMP_WORDS[i]}"',
    ...renderWalk(tree),
    '  done',
    ...renderValues(tree, complete),
    '  case "$at" in',
    ...flatten(tree).map((node) => `    "${node.path}") words="${wordsOf(node).join(' ')}" ;;`),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '}',
    'complete -F _slipway slipway',
  ];
}

function complete(value: ValueKind): string {
  switch (value.kind) {
    case 'files':
      return 'COMPREPLY=($(compgen -f -- "$cur")); return';
    case 'directories':
      return 'COMPREPLY=($(compgen -d -- "$cur")); return';
    case 'choices':
      return `COMPREPLY=($(compgen -W "${value.choices.join(' ')}" -- "$cur")); return`;
    case 'any':
      return 'return';
  }
}

function wordsOf({ children, choices, options }: CommandNode): string[] {
  return [...children.map(({ name }) => name), ...choices, ...options.flatMap(({ flags }) => flags)];
}
