import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../src/config/duration.ts';
import { layOver } from '../../src/config/merge.ts';
import { didYouMean, editDistance, nearest } from '../../src/config/nearest.ts';
import { plainData } from '../../src/config/plain-data.ts';
import { formatPath } from '../../src/config/problem.ts';

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['1s', 1_000],
    ['2.5m', 150_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['0s', 0],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(['', '5', 's', '5 s', '-5s', '1y', '1s2', '25d', 'Infinitys'])('%j is none', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});

describe('typos', () => {
  test('count insertions, deletions, substitutions and swaps', () => {
    expect(editDistance('health', 'helth')).toBe(1);
    expect(editDistance('health', 'haelth')).toBe(1);
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
  });

  test('find the nearest, and nothing when nothing is near', () => {
    expect(nearest('Helth', ['health', 'http', 'path'])).toBe('health');
    expect(nearest('zzz', ['health', 'http', 'path'])).toBeUndefined();
    expect(nearest('x'.repeat(100_000), ['y'.repeat(100_000)])).toBeUndefined();
    expect(didYouMean('prod', ['staging', 'production'])).toBe('did you mean "production"?');
  });
});

describe('plain data', () => {
  test('leaves out what JSON can not hold and says where', () => {
    const cycle: Record<string, unknown> = { a: 1 };
    cycle.self = cycle;
    const { value, findings } = plainData({
      kept: [1, 'a', null, true, { nested: {} }],
      gone: undefined,
      cycle,
      list: [1, undefined, () => 1],
      date: new Date(0),
      map: new Map(),
      big: 1n,
      nan: Number.NaN,
    });
    expect(value).toEqual({ kept: [1, 'a', null, true, { nested: {} }], cycle: { a: 1 }, list: [1] });
    expect(findings.map(({ path, message }) => `${formatPath(path)} ${message}`)).toEqual([
      'cycle.self contains itself',
      'list[1] must not be undefined',
      'list[2] must be plain data, not a function',
      'date must be plain data, not an instance of "Date"',
      'map must be plain data, not an instance of "Map"',
      'big must be plain data, not a bigint',
      'nan must be a finite number',
    ]);
  });

  test('is bounded when objects are shared without end', () => {
    let value: unknown[] = [1];
    for (let level = 0; level < 40; level++) value = [value, value];
    expect(plainData(value).findings.at(-1)?.message).toBe('holds more than 5000000 values');
  });
});

describe('laying one config over another', () => {
  test('goes key by key, replaces lists, takes away with null, and changes neither', () => {
    const lower = { a: { b: 1, c: [1, 2], d: 2 }, e: 5 };
    const upper = { a: { c: [3], d: null }, f: null };
    expect(layOver(lower, upper)).toEqual({ a: { b: 1, c: [3] }, e: 5, f: null });
    expect(lower).toEqual({ a: { b: 1, c: [1, 2], d: 2 }, e: 5 });
  });

  test('reaches no prototype', () => {
    const upper = JSON.parse('{"constructor":{"prototype":{"polluted":true}},"toString":{"x":1}}');
    expect(layOver({}, upper)).toEqual(upper);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});
