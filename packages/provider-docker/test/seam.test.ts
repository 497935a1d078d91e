import { expect, test } from 'vitest';
import type { PrintedLine } from '../src/observe/lines-of.ts';
import { Seam } from '../src/observe/seam.ts';

const out = (at: string, text: string): PrintedLine => ({ at: `2026-01-01T00:00:${at}Z`, stream: 'stdout', text });
const err = (at: string, text: string): PrintedLine => ({ ...out(at, text), stream: 'stderr' });
const told = (seam: Seam, lines: PrintedLine[]) => lines.filter(seam.read()).map(({ text }) => text);

test('lines of one second are told apart by their number', () => {
  const seam = new Seam([out('01', 'a'), out('02', 'b'), err('02', 'c'), out('02', 'd')]);
  expect(new Date(seam.since * 1000).toISOString()).toBe('2026-01-01T00:00:02.000Z');
  const again = [out('02', 'b'), err('02', 'c'), out('02', 'd'), out('02', 'e'), err('02', 'f'), out('03', 'g')];
  expect(told(seam, again)).toEqual(['e', 'f', 'g']);
  expect(told(seam, [...again, out('03', 'h')])).toEqual(['h']);
});

test('a stream that overtook the other keeps none of its lines from being told', () => {
  const seam = new Seam([]);
  const lines = [out('01.2', 'a'), err('01.1', 'b'), out('01.4', 'c'), err('01.3', 'd')];
  expect(told(seam, lines)).toEqual(['a', 'b', 'c', 'd']);
  expect(told(seam, lines)).toEqual([]);
});

test('what stood before the newest lines stays untold, whichever stream it is of', () => {
  const seam = new Seam([out('05.5', 'last')]);
  expect(told(seam, [err('05.1', 'older'), out('05.5', 'last'), err('05.6', 'new')])).toEqual(['new']);
});

test('a clock that is set back keeps nothing from being told', () => {
  const seam = new Seam([out('30', 'a')]);
  expect(told(seam, [out('30', 'a'), out('31', 'b'), out('10', 'c')])).toEqual(['b', 'c']);
});
