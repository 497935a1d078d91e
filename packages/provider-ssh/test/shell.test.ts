import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandLine, exportsOf, quoted } from '../src/shell.ts';

const texts = fc.array(
  fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')),
  { maxLength: 20 },
);

test('a shell reads back exactly the words that were quoted', () => {
  fc.assert(
    fc.property(texts, (words) => {
      const said = execFileSync('/bin/sh', [
        '-c',
        `for word in ${commandLine(words)}; do printf '%s\\0' "$word"; done`,
      ]);
      const wanted = words.map((word) => `${word.toWellFormed()}\0`).join('');
      expect(said.toString('utf8')).toBe(wanted);
    }),
    { numRuns: 40 },
  );
});

test('quoting twice goes through two shells', () => {
  const inner = `printf %s ${quoted(`a'b"c $HOME \\ \n!`)}`;
  expect(execFileSync('/bin/sh', ['-c', `sh -c ${quoted(inner)}`]).toString()).toBe(`a'b"c $HOME \\ \n!`);
});

test('variables arrive as they are, and a name that no shell can have is left out', () => {
  const file = exportsOf({ PLAIN: 'x', ODD: `it's $(false) \`id\`\n"`, 'bad-name': 'y', 'X; touch /tmp/x': 'z' });
  expect(file).not.toMatch(/bad-name|touch/);
  const said = execFileSync('/bin/sh', ['-c', `${file}printf '%s|%s' "$PLAIN" "$ODD"`]).toString();
  expect(said).toBe(`x|it's $(false) \`id\`\n"`);
});

test('a NUL is refused', () => {
  expect(() => quoted('a\0b')).toThrow(TypeError);
});
