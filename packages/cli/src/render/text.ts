import { stripVTControlCharacters } from 'node:util';
import { widthOf } from './width.ts';

let graphemes: Intl.Segmenter | undefined;

/**
 * Plain text cut to so many terminal columns, with `…` where something is missing. Control characters are
 * taken out first, so the result never moves the cursor.
 */
export function fit(text: string, columns: number): string {
  const clean = oneLine(text);
  if (columns <= 0) return '';
  if (widthOf(clean) <= columns) return clean;
  graphemes ??= new Intl.Segmenter();
  let kept = '';
  let width = 0;
  for (const { segment } of graphemes.segment(clean)) {
    const next = width + widthOf(segment);
    if (next > columns - 1) break;
    kept += segment;
    width = next;
  }
  return `${kept}…`;
}

/** Like {@link fit} for text that may be coloured: one that is too wide loses its colours. */
export function fitColored(text: string, columns: number): string {
  return widthOf(text) <= columns ? text : fit(text, columns);
}

/** Without colours and control characters; line breaks and tabs become spaces. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\r\n\t]+/g, ' ')
    .replace(/\p{Cc}/gu, '');
}

/** `1 step`, `2 steps`, `10,000 steps`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(number)} ${number === 1 ? noun : plural}`;
}

/** `10,000`. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}
