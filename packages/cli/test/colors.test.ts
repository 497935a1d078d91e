import { afterEach, beforeEach, expect, test } from 'vitest';
import { Playground } from './playground.ts';

let play: Playground;
beforeEach(() => {
  play = new Playground().write({ 'slipway.yaml': 'name: demo\nenvironments: { dev: {} }\n' });
});
afterEach(() => play[Symbol.dispose]());

test.each<[environment: Record<string, string>, colored: boolean]>([
  [{}, false],
  [{ FORCE_COLOR: '1' }, true],
  [{ FORCE_COLOR: '0' }, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '' }, true],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  [{ FORCE_COLOR: '1', TERM: 'dumb' }, true],
])('where nothing is a terminal, %j decides about colours, and nothing complains', async (environment, colored) => {
  const { stdout, stderr } = await play.start(['status'], environment).ended;
  expect(stdout.includes('\u001b[')).toBe(colored);
  expect(stderr).toBe('');
});
