import { renderBash } from './bash.ts';
import type { CommandNode } from './command-tree.ts';
import { renderFish } from './fish.ts';
import { renderZsh } from './zsh.ts';

/** A completion script for a shell, made from the command tree. */
export function renderCompletion(shell: 'bash' | 'zsh' | 'fish', tree: CommandNode): string {
  return { bash: renderBash, zsh: renderZsh, fish: renderFish }[shell](tree).join('\n');
}
