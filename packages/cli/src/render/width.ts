import stringWidth from 'string-width';
import { oneLine } from './text.ts';

const graphemes = new Intl.Segmenter();

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

/** Columns that a text takes on a terminal; colours take none. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Like {@link fit} for text that may be coloured: one that is too wide loses its colours. */
export function fitColored(text: string, columns: number): string {
  return stringWidth(text) <= columns ? text : fit(text, columns);
}
