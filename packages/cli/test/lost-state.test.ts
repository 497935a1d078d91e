import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Playground } from './playground.ts';

let play: Playground;
beforeEach(() => {
  play = new Playground().write({
    'slipway.yaml': 'name: demo\nenvironments: { dev: {} }\nresources:\n  word: { type: core:value, input: hello }\n',
  });
});
afterEach(() => play[Symbol.dispose]());

const state = () => join(play.directory, '.slipway/state.db');

test.each([
  ['is gone', () => rmSync(state())],
  ['is empty', () => writeFileSync(state(), '')],
])('a state that %s is not taken for a new one', async (what, lose) => {
  expect((await play.slipway('deploy', '--yes')).code).toBe(0);
  const copy = readFileSync(state());
  lose();
  for (const args of [['status'], ['plan'], ['deploy', '--yes'], ['audit', 'verify']]) {
    const { code, stderr } = await play.slipway(...args);
    expect(stderr).toContain(`state.db ${what}`);
    expect(code).toBe(1);
  }
  writeFileSync(state(), copy);
  expect((await play.slipway('status')).stdout).toContain('completed');
});

test('a .slipway that is no folder is said in words', async () => {
  play.write({ '.slipway': '' });
  const { code, stderr } = await play.slipway('deploy', '--yes');
  expect(stderr).toContain('[state-unwritable]');
  expect(code).toBe(1);
});

test('a plan that can not be saved is bad usage', async () => {
  const { code, stderr } = await play.slipway('plan', '--out', 'nowhere/plan.json');
  expect(stderr).toContain('nowhere/plan.json (ENOENT)');
  expect(code).toBe(2);
});
