import { describe, expect, test } from 'vitest';
import { collectList, collectPairs, parseCount, parseDuration } from '../src/arguments.ts';

describe('a duration', () => {
  test.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));
  test.each(['30', '', 'soon', '10x', '5m ago', '-5m'])('%j is refused', (text) => {
    expect(() => parseDuration(text)).toThrow(/number with its unit/);
  });
});

test('lists are split and gathered', () => {
  expect(collectList('c', collectList('a, b'))).toEqual(['a', 'b', 'c']);
  expect(() => collectList(' , ')).toThrow(/at least one/);
});

test('pairs are gathered; a value may hold an equals sign', () => {
  expect(collectPairs('b=x=y', collectPairs('a=1'))).toEqual({ a: '1', b: 'x=y' });
  expect(() => collectPairs('team')).toThrow(/key=value/);
  expect(() => collectPairs('=x')).toThrow(/key=value/);
});

test('a count is whole and at least 1', () => {
  expect(parseCount('8')).toBe(8);
  for (const text of ['0', '-1', '1.5', 'many']) expect(() => parseCount(text)).toThrow(/whole number/);
});
