import { type CommandNode, flagsWithValue, flatten, type OptionNode } from './command-tree.ts';

/** For `~/.config/fish/completions/slipway.fish`. */
export function renderFish(tree: CommandNode): string[] {
  const nodes = flatten(tree);
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return [
    '# fish completion for slipway',
    '# Whether the words so far name exactly this command.',
    'function __slipway_at',
    "    set -l at ''",
    "    set -l skip ''",
    '    for word in (commandline -opc)[2..-1]',
    '        if test -n "$skip"; set skip \'\'; continue; end',
    `        if contains -- $word ${flagsWithValue(tree).join(' ')}; set skip 1; continue; end`,
    "        if string match -q -- '-*' $word; continue; end",
    '        set -l next (string trim -- "$at $word")',
    `        if contains -- $next ${paths.join(' ')}; set at $next; end`,
    '    end',
    '    test "$at" = "$argv[1]"',
    'end',
    'complete -c slipway -f',
    ...nodes.flatMap(renderNode),
  ];
}

function renderNode(node: CommandNode): string[] {
  const condition = `complete -c slipway -n ${quote(`__slipway_at ${quote(node.path)}`)}`;
  return [
    ...node.children.map(({ name, description }) => `${condition} -a ${quote(name)} -d ${quote(description)}`),
    ...node.choices.map((choice) => `${condition} -a ${quote(choice)}`),
    ...node.options.map((option) => `${condition} ${renderOption(option)}`),
  ];
}

function renderOption({ flags, description, value }: OptionNode): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const argument =
    value === undefined
      ? ''
      : value.kind === 'choices'
        ? ` -x -a ${quote(value.choices.join(' '))}`
        : value.kind === 'any'
          ? ' -x'
          : value.kind === 'directories'
            ? " -x -a '(__fish_complete_directories)'"
            : ' -r -F';
  return `${names.join(' ')}${argument} -d ${quote(description)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
