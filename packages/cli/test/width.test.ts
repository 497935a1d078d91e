import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { symbolsFor } from '../src/output/symbols.ts';
import { fit, fitColored } from '../src/render/text.ts';
import { widthOf } from '../src/render/width.ts';

test.each([
  'plain text',
  '\u001b[31mred\u001b[39m',
  'Größe, naïve, ñandú',
  ...Object.values(symbolsFor({})),
  '日本語',
  '👩‍👩‍👧 family',
  'e\u0301',
  '…and so on',
  '',
])('%j is as wide as the tables say', (text) => {
  expect(widthOf(text)).toBe(stringWidth(text));
});

test('what is cut ends with an ellipsis and never splits a character', () => {
  expect(fit('abcdef', 4)).toBe('abc…');
  expect(fit('abcd', 4)).toBe('abcd');
  expect(fit('日本語', 4)).toBe('日…');
  expect(fit('a👩‍👩‍👧b', 3)).toBe('a…');
  expect(fit('x', 0)).toBe('');
  expect(fitColored('\u001b[31mabcdef\u001b[39m', 4)).toBe('abc…');
  expect(fitColored('\u001b[31mabc\u001b[39m', 4)).toBe('\u001b[31mabc\u001b[39m');
});
