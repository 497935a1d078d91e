import { type CommandNode, flatten, type OptionNode, type ValueKind } from './command-tree.ts';
import { renderValues, renderWalk } from './walk.ts';

/** Works sourced after compinit, and as a file `_slipway` in `$fpath`. */
export function renderZsh(tree: CommandNode): string[] {
  return [
    '#compdef slipway',
    '_slipway() {',
    '  local prev="${words[CURRENT-1]}" at="" skip="" word i',
    '  local -a names flags',
    '  for ((i = 2; i < CURRENT; i++)); do',
    '    word="${words[i]}"',
    ...renderWalk(tree),
    '  done',
    ...renderValues(tree, complete),
    '  case "$at" in',
    ...flatten(tree).flatMap((node) => [
      `    "${node.path}")`,
      `      names=(${namesOf(node).join(' ')})`,
      `      flags=(${node.options.flatMap(describeFlags).join(' ')})`,
      '      ;;',
    ]),
    '  esac',
    `  if [[ "\${words[CURRENT]}" != -* ]] && (( \${#names} )); then _describe 'command' names; return; fi`,
    "  _describe -o 'option' flags",
    '}',
    'if [ "${funcstack[1]}" = "_slipway" ]; then _slipway "$@"; else compdef _slipway slipway; fi',
  ];
}

function complete(value: ValueKind): string {
  switch (value.kind) {
    case 'files':
      return '_files; return';
    case 'directories':
      return '_files -/; return';
    case 'choices':
      return `compadd -- ${value.choices.join(' ')}; return`;
    case 'any':
      return 'return';
  }
}

function namesOf({ children, choices }: CommandNode): string[] {
  return [
    ...children.map(({ name, description }) => entry(name, description)),
    ...choices.map((name) => entry(name, '')),
  ];
}

function describeFlags({ flags, description }: OptionNode): string[] {
  return flags.map((flag) => entry(flag, description));
}

/** `'name:description'`, quoted for zsh. */
function entry(name: string, description: string): string {
  const text = description === '' ? name : `${name}:${description.replaceAll(':', '\\:')}`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
