import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandTable } from '../src/command-table.ts';
import { exitCodeMeaning } from '../src/exit-code.ts';
import { bin, Playground } from './playground.ts';

let play: Playground;
beforeEach(() => {
  play = new Playground();
});
afterEach(() => play[Symbol.dispose]());

/** A Node before 24 somewhere on the PATH or at the system's place. */
function findOldNode(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return folders
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
      return status === 0 && Number(/^v(\d+)/.exec(stdout)?.[1]) < 24;
    });
}

const oldNode = findOldNode();

describe.skipIf(!oldNode)('on a Node before 24 (needs one on this machine)', () => {
  const run = (file: string, args: readonly string[]) => {
    return spawnSync(oldNode as string, [file, ...args], { encoding: 'utf8', cwd: play.directory });
  };

  test("goes on with the project's own Node", () => {
    const { status, stdout, stderr } = run(bin, ['deploy', '--help']);
    expect(stderr).toBe('');
    expect(stdout).toContain('Usage: slipway deploy');
    expect(status).toBe(0);
  });

  test('hands on the exit code', () => {
    expect(run(bin, ['no-such-command']).status).toBe(2);
  });

  test('says which Node it needs when there is no other, without a stack', () => {
    mkdirSync(join(play.directory, 'bin'));
    cpSync(join(bin, '..'), join(play.directory, 'bin'), { recursive: true });
    const { status, stdout, stderr } = run(join(play.directory, 'bin/slipway.js'), ['deploy']);
    expect(stderr).toMatch(/^slipway needs Node 24 or newer; this is v\d+/);
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  test('does not run in circles when the project has the same old Node', () => {
    mkdirSync(join(play.directory, 'node_modules/.bin'), { recursive: true });
    symlinkSync(oldNode as string, join(play.directory, 'node_modules/.bin/node'));
    cpSync(join(bin, '..'), join(play.directory, 'bin'), { recursive: true });
    expect(run(join(play.directory, 'bin/slipway.js'), ['deploy']).status).toBe(2);
  });
});

test('--version prints the version and nothing else', async () => {
  const { code, stdout } = await play.slipway('--version');
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(code).toBe(0);
  expect((await play.slipway('-C', '.', '--version')).stdout).toBe(stdout);
});

test('--help lists every command and every exit code', async () => {
  const { code, stdout } = await play.slipway('--help');
  for (const { name } of Object.values(commandTable).flat()) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  for (const [number, meaning] of Object.entries(exitCodeMeaning)) {
    expect(stdout).toMatch(new RegExp(`^  ${number} +${meaning.slice(0, 20).replaceAll('(', '\\(')}`, 'm'));
  }
  expect(code).toBe(0);
});

test('the help of each command lists the exit codes and the global options', async () => {
  for (const name of ['deploy', 'init', 'agent', 'pause']) {
    const { stdout } = await play.slipway(name, '--help');
    expect(stdout).toContain('Exit codes:');
    expect(stdout).toContain('130  interrupted, resumable');
    expect(stdout).toContain('--env <name>');
  }
  expect((await play.slipway('state', 'list', '--help')).stdout).toContain('Exit codes:');
});

describe('bad usage gives 2', () => {
  test.each([
    [['deplyo'], /unknown command 'deplyo'.*\(Did you mean deploy\?\)/s],
    [['deploy', '--sequental'], /unknown option '--sequental'.*Did you mean --sequential\?/s],
    [['deploy', '--on-failure', 'pray'], /Allowed choices are rollback, stop, continue/],
    [['deploy', '--timeout', '30'], /number with its unit/],
    [['deploy', '--plan', 'p.json', '--only', 'a'], /cannot be used with option '--only/],
    [['plan', '--json', '--events'], /cannot be used with option '--json'/],
    [['import', 'resource:key'], /missing required argument/],
    [['import', 'key', 'x'], /key is not an address/],
    [[], /Usage: slipway/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await play.slipway(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    if (!args.includes('--json')) expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('with --json, one document says what was wrong', async () => {
    const { code, stdout } = await play.slipway('deploy', '--json', '--only');
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, error: { code: 'usage' } });
    expect(code).toBe(2);
  });

  test('a change without a terminal and without --yes is refused before anything is read', async () => {
    for (const args of [['deploy'], ['destroy'], ['rollback'], ['drift', '--fix']]) {
      const { code, stderr } = await play.slipway(...args);
      expect(stderr).toContain('add --yes');
      expect(code).toBe(2);
    }
  });
});
