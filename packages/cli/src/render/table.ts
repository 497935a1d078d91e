import { widthOf } from './width.ts';

/** Columns padded to their widest cell, two spaces between them; cells may be coloured. No trailing spaces. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => all.reduce((widest, row) => Math.max(widest, widthOf(row[column] ?? '')), 0));
  return all.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] as number) - widthOf(cell))))
      .join('  ')
      .trimEnd(),
  );
}
