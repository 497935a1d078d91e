import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Playground } from './playground.ts';

let play: Playground;
beforeEach(async () => {
  play = new Playground().write({
    'slipway.yaml': `name: demo
environments: { dev: {} }
resources:
  word: { type: core:value, input: hello }
  door: { type: local:command, create: "echo {}", update: "echo {}", delete: "true", env: { CODE: "\${secret:CODE}" } }
`,
    '.env': 'CODE=open-sesame\n',
  });
  expect((await play.slipway('deploy', '--yes')).code).toBe(0);
});
afterEach(() => play[Symbol.dispose]());

const key = () => join(play.directory, '.slipway/key');
async function isRefused(code: string, ...args: string[]): Promise<void> {
  const { code: exit, stderr } = await play.slipway(...args);
  expect(stderr).toContain(`Error [${code}]`);
  expect(stderr).toContain(key());
  expect(stderr).toContain('slipway audit accept-key');
  expect(stderr).not.toMatch(/^ +at /m);
  expect(exit).toBe(1);
}

test('without its key a state can be looked at, and whatever needs the key says so and changes nothing', async () => {
  const copy = readFileSync(key());
  rmSync(key());
  for (const args of [['plan'], ['deploy', '--yes'], ['destroy', '--yes'], ['state', 'rm', 'resource:word']]) {
    await isRefused('key-missing', ...args);
  }
  const { deployments } = JSON.parse((await play.slipway('history', '--json')).stdout);
  for (const args of [['status'], ['show', deployments[0].id], ['state', 'list']]) {
    expect(await play.slipway(...args), args.join(' ')).toMatchObject({ code: 0, stderr: '' });
  }
  const audit = await play.slipway('audit', 'verify');
  expect(audit.stdout).toContain("the seals can't be checked");
  expect(audit.code).toBe(1);
  expect(existsSync(key())).toBe(false);
  writeFileSync(key(), copy);
  expect((await play.slipway('plan')).stdout).toContain('Nothing to do');
});

test('another key, or what is none, is as good as none', async () => {
  writeFileSync(key(), Buffer.alloc(32, 1));
  await isRefused('key-other', 'deploy', '--yes');
  writeFileSync(key(), 'short');
  await isRefused('key-damaged', 'deploy', '--yes');
  expect(await play.slipway('status')).toMatchObject({ code: 0 });
  expect(readFileSync(key(), 'utf8')).toBe('short');
});

test('a new key is accepted when told to, put down, and every secret counts as changed', async () => {
  expect((await play.slipway('audit', 'accept-key')).stdout).toContain('nothing to do');
  rmSync(key());
  const accepted = await play.slipway('audit', 'accept-key', '--json');
  expect(accepted.code).toBe(0);
  expect(JSON.parse(accepted.stdout)).toMatchObject({ environments: ['dev'] });
  expect(statSync(key()).mode & 0o777).toBe(0o600);
  expect((await play.slipway('plan')).stdout).toContain('(secret changed)');
  expect(await play.slipway('deploy', '--yes')).toMatchObject({ code: 0 });
  expect((await play.slipway('plan')).stdout).toContain('Nothing to do');
  expect(await play.slipway('audit', 'verify')).toMatchObject({ code: 0 });
});

test('no new key is accepted for a journal that was altered', async () => {
  rmSync(key());
  const database = new DatabaseSync(join(play.directory, '.slipway/state.db'));
  database.exec(`UPDATE state SET record = replace(record, 'hello', 'world')`);
  database.close();
  const { code, stderr } = await play.slipway('audit', 'accept-key');
  expect(stderr).toContain('[journal-tampered]');
  expect(code).toBe(1);
  expect((await play.slipway('deploy', '--yes')).stderr).toContain('[key-');
});
