import type { Colors } from '../output/colors.ts';
import { fit } from './text.ts';
import { widthOf } from './width.ts';

/** A piece of a line and how it is coloured. */
export type Piece = string | readonly [keyof Colors, string];

/** Joins pieces to one line of at most so many columns; what doesn't fit is cut, with `…`. */
export function composeLine(pieces: readonly Piece[], columns: number, colors: Colors): string {
  let line = '';
  let left = columns;
  for (const piece of pieces) {
    if (left <= 0) break;
    const [style, text] = typeof piece === 'string' ? [undefined, piece] : piece;
    const shown = fit(text, left);
    left -= widthOf(shown);
    line += style === undefined ? shown : colors[style](shown);
  }
  return line;
}
