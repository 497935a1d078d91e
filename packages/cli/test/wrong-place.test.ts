import { afterEach, beforeEach, expect, test } from 'vitest';
import { Playground } from './playground.ts';

// A folder or a file that isn't what it is taken for.

let play: Playground;
beforeEach(() => {
  play = new Playground().write({ 'slipway.yaml': 'name: demo\nenvironments: { dev: {} }\n' });
});
afterEach(() => play[Symbol.dispose]());

async function refused(...args: string[]): Promise<{ code: string; message: string; hint: string }> {
  const { code, stdout } = await play.slipway(...args, '--json');
  expect(code).toBe(2);
  return JSON.parse(stdout).error;
}

test.each(['validate', 'plan', 'agent status'])('%s in a folder that is not there, or is a file', async (command) => {
  const missing = await refused('-C', 'nowhere', ...command.split(' '));
  expect(missing).toMatchObject({ code: 'directory-missing', message: expect.stringContaining('no folder') });
  const file = await refused('-C', 'slipway.yaml', ...command.split(' '));
  expect(file).toMatchObject({ code: 'directory-missing', message: expect.stringMatching(/slipway\.yaml is a file/) });
  expect(file.hint).toContain('--config');
});

test('init where a file is', async () => {
  expect(await refused('-C', 'slipway.yaml', 'init')).toMatchObject({ code: 'directory-missing' });
});

test('a config that is a folder', async () => {
  expect(await refused('--config', '.', 'validate')).toMatchObject({
    code: 'config-missing',
    message: expect.stringContaining('is a folder'),
  });
});

test('a command that needs another word says so to machines too', async () => {
  for (const args of [[], ['state'], ['help', 'nope']]) {
    expect((await refused(...args)).message).toContain('A command is missing');
  }
});
