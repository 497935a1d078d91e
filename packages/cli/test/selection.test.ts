import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Playground } from './playground.ts';

// Selecting a part: what selects nothing by mistake must not look like nothing to do.

let play: Playground;
beforeEach(() => {
  play = new Playground();
});
afterEach(() => play[Symbol.dispose]());

const config = (extra = '') => `name: demo
environments: { dev: {} }
resources:
  key: { type: core:value, input: 1, tags: { tier: base } }
services:
  a: { path: svc/a, run: node s.js, port: 4711, tags: { team: x }${extra} }
  b: { path: svc/b, run: node s.js, port: 4712 }
`;
const FILES = { 'slipway.yaml': config(), '.gitignore': '.slipway/\n', 'svc/a/s.js': '1', 'svc/b/s.js': '1' };

function git(folder: string, ...args: string[]): void {
  const settings = ['user.email=a@b', 'user.name=x', 'protocol.file.allow=always', 'commit.gpgsign=false'];
  execFileSync('git', [...settings.flatMap((one) => ['-c', one]), ...args], { cwd: join(play.directory, folder) });
}

async function refused(...args: string[]): Promise<string> {
  const { code, stdout } = await play.slipway('plan', ...args, '--json');
  expect(code).toBe(2);
  const { message, hint } = JSON.parse(stdout).error;
  return `${message} ${hint}`;
}

async function selected(...args: string[]): Promise<{ addresses: string[]; warnings: { code: string }[] }> {
  const { stdout } = await play.slipway('plan', ...args, '--json');
  const { changes, warnings } = JSON.parse(stdout);
  return { addresses: changes.map(({ address }: { address: string }) => address).sort(), warnings };
}

describe('by tag', () => {
  test('one that nothing has is refused, naming those that there are; two of a kind are refused', async () => {
    play.write(FILES);
    expect(await refused('--tag', 'team=y')).toContain('There are: team=x, tier=base.');
    expect(await refused('--tag', 'team=x', '--tag', 'team=y')).toContain('team is x already');
    expect((await selected('--tag', 'team=x')).addresses).toEqual(['service:a']);
  });
});

describe('by what changed', () => {
  test('needs a git repository and a revision', async () => {
    play.write(FILES);
    expect(await refused('--changed-since', 'HEAD')).toContain('is in no git repository');
    expect(await refused('--changed-since', '')).toContain('It is empty');
    git('.', 'init', '-q');
    expect(await refused('--changed-since', 'HEAD~1')).toContain('shallow');
  });

  test('says that the config changed too, which selects nothing', async () => {
    play.write(FILES);
    git('.', 'init', '-q');
    git('.', 'add', '.');
    git('.', 'commit', '-qm', 'one');
    play.write({ 'slipway.yaml': config(', env: { A: b }'), 'svc/b/s.js': '2' });
    const { addresses, warnings } = await selected('--changed-since', 'HEAD');
    expect(addresses).toEqual(['service:b']);
    expect(warnings).toContainEqual(expect.objectContaining({ code: 'note', subject: 'slipway.yaml' }));
  });

  test('sees into submodules, committed or not; their files are source', async () => {
    play.write({ 'lib/s.js': '1', 'lib/in/n.js': '1' });
    git('lib', 'init', '-q');
    git('lib', 'add', '.');
    git('lib', 'commit', '-qm', 'one');
    play.write({ 'demo/slipway.yaml': config().replace('svc/a', 'svc/a/in'), 'demo/svc/b/s.js': '1' });
    git('demo', 'init', '-q');
    git('demo', 'submodule', 'add', '-q', join(play.directory, 'lib'), 'svc/a');
    git('demo', 'add', '.');
    git('demo', 'commit', '-qm', 'one');
    const changed = async (revision: string) => (await selected('-C', 'demo', '--changed-since', revision)).addresses;
    expect((await selected('-C', 'demo')).addresses).toContain('service:a');
    expect(await changed('HEAD')).toEqual([]);
    play.write({ 'demo/svc/a/s.js': '2' });
    expect(await changed('HEAD')).toEqual([]);
    play.write({ 'demo/svc/a/in/n.js': '2' });
    expect(await changed('HEAD')).toEqual(['service:a']);
    git('demo/svc/a', 'commit', '-qam', 'two');
    git('demo', 'commit', '-qam', 'two');
    expect(await changed('HEAD')).toEqual([]);
    expect(await changed('HEAD~1')).toEqual(['service:a']);

    git('.', 'clone', '-q', 'demo', 'bare');
    expect(await refused('-C', 'bare')).toContain('submodule');
  });
});
