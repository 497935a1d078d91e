import { createRequire } from 'node:module';
import { stripVTControlCharacters } from 'node:util';

/** Every character takes one column: printable ASCII, Latin letters with their accents, arrows, boxes and marks. */
const ONE_COLUMN_EACH = /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u024f…]*$/;

let measure: ((text: string) => number) | undefined;

/** Columns that a text takes on a terminal; colours take none. */
export function widthOf(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (ONE_COLUMN_EACH.test(plain)) return plain.length;
  measure ??= loadTables();
  return measure(text);
}

/** The tables of wide characters take longer to load than most commands take: most texts need none. */
function loadTables(): (text: string) => number {
  const { default: stringWidth } = createRequire(import.meta.url)('string-width') as typeof import('string-width');
  return stringWidth;
}
