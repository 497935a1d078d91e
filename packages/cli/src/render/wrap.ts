import { widthOf } from './width.ts';

/** A command with its options and names, or what stands in backquotes: it is to be copied, and so stays on one line. */
const WHOLE = /`[^`]+`|slipway [a-z]+(?: (?:-[Ce]|--[a-z-]+) [^\s-]\S*| --?[a-zA-Z-]+| \S*[\d:]\S*)*|\S+/;
const WORD = new RegExp(`( *)(${WHOLE.source})`, 'g');
/** What follows the first line stands so much further in. */
const HANGING = 2;

/** A line for so many terminal columns: broken between words where it is too wide, the rest further in. */
export function wrap(line: string, columns: number): string[] {
  if (widthOf(line) <= columns) return [line];
  const indent = /^ */.exec(line)![0].length + HANGING;
  const lines: string[] = [];
  let current = '';
  for (const [, gap = '', word = ''] of line.matchAll(WORD)) {
    const longer = `${current}${gap}${word}`;
    if (current.trim() === '' || widthOf(longer) <= columns) {
      current = longer;
      continue;
    }
    lines.push(current);
    current = `${' '.repeat(Math.min(indent, Math.floor(columns / 2)))}${word}`;
  }
  return [...lines, current];
}
