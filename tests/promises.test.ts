import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const DOCS = join(import.meta.dirname, '../docs');

test('every promise names what shows it, and that exists', () => {
  const rows = readFileSync(join(DOCS, 'promises.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| complaint'));
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) {
    const links = [...row.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1]!);
    expect(links, row).not.toEqual([]);
    expect(
      links.filter((link) => !existsSync(join(DOCS, link))),
      row,
    ).toEqual([]);
  }
});
