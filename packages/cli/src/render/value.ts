import type { JsonValue } from '@slipway/core';
import { oneLine } from './text.ts';

const LONGEST = 60;

/** A property's value for people: JSON on one line, of bounded length; what a plan can't know stays unquoted. */
export function formatValue(value: JsonValue): string {
  if (typeof value === 'string' && /^\([a-z ]+\)$/.test(value)) return value;
  const text = typeof value === 'string' ? JSON.stringify(shorten(value)) : shorten(JSON.stringify(value));
  return oneLine(text);
}

function shorten(text: string): string {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST - 1)}…`;
}

/**
 * What changed from one value to another, on one line. Of texts with several lines, the first line that
 * differs is shown, and how many lines there are.
 */
export function formatChange(before: JsonValue, after: JsonValue, arrow: string): string {
  if (typeof before === 'string' && typeof after === 'string' && `${before}${after}`.includes('\n')) {
    return formatLinesChange(before.split('\n'), after.split('\n'), arrow);
  }
  const [left, right] = [formatValue(before), formatValue(after)];
  if (left !== right || typeof before !== 'string' || typeof after !== 'string') return `${left} ${arrow} ${right}`;
  return formatLongChange(before, after, arrow);
}

function formatLinesChange(before: readonly string[], after: readonly string[], arrow: string): string {
  const longest = Math.max(before.length, after.length);
  let line = 0;
  while (line < longest && before[line] === after[line]) line += 1;
  const shown = (lines: readonly string[]) =>
    line < lines.length ? formatValue(lines[line] as string) : '(no such line)';
  const size =
    before.length === after.length ? `${after.length} lines` : `${before.length} ${arrow} ${after.length} lines`;
  return `line ${line + 1}: ${shown(before)} ${arrow} ${shown(after)} (${size})`;
}

/** Two long texts that begin alike: shown from shortly before where they part. */
function formatLongChange(before: string, after: string, arrow: string): string {
  let parted = 0;
  while (before[parted] === after[parted] && parted < before.length) parted += 1;
  const from = Math.max(0, parted - 10);
  const shown = (text: string) => formatValue(`…${text.slice(from)}`);
  return `${shown(before)} ${arrow} ${shown(after)} (from character ${parted + 1})`;
}
