import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

/**
 * Plain text cut to so many terminal columns, with `…` where something is missing. Control characters are
 * taken out first, so the result never moves the cursor.
 */
export function fit(text: string, columns: number): string {
  const clean = oneLine(text);
  if (columns <= 0) return '';
  if (stringWidth(clean) <= columns) return clean;
  let kept = '';
  let width = 0;
  for (const { segment } of graphemes.segment(clean)) {
    const next = width + stringWidth(segment);
    if (next > columns - 1) break;
    kept += segment;
    width = next;
  }
  return `${kept}…`;
}

const graphemes = new Intl.Segmenter();

/** Without colours and control characters; line breaks and tabs become spaces. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\r\n\t]+/g, ' ')
    .replace(/\p{Cc}/gu, '');
}

/** Columns that a text takes on a terminal; colours take none. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** `1 step`, `2 steps`, `10,000 steps`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? noun : plural}`;
}

/** Like {@link fit} for text that may be coloured: one that is too wide loses its colours. */
export function fitColored(text: string, columns: number): string {
  return stringWidth(text) <= columns ? text : fit(text, columns);
}
