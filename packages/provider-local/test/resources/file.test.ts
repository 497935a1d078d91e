import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type CallContext, type JsonObject, sha256 } from '@slipway/core/provider';
import { openTestPlace } from '@slipway/provider-testkit';
import { resourceConformance } from '@slipway/provider-testkit/resource-conformance';
import { expect, test } from 'vitest';
import { localFile } from '../../src/resources/file.ts';
import { place } from './place.ts';

resourceConformance('local:file', {
  type: localFile,
  properties: { path: 'etc/app.conf', content: 'port = 1\n', mode: '0640' },
  changed: { path: 'etc/app.conf', content: 'port = 2\n', mode: '0600' },
  replaced: { path: 'etc/other.conf', content: 'port = 1\n', mode: '0640' },
  async open() {
    const { context, close } = await openTestPlace();
    const exists = async () => existsSync(join(context.directory, 'etc/app.conf'));
    return { context, close, isThere: exists };
  },
});

const token = 't1';
const name = 'conf';
const create = (context: Parameters<typeof localFile.create>[0], properties: JsonObject) =>
  localFile.create(context, { token, name, properties });
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

test('writes content and rights whatever the umask, makes folders, leaves nothing else', async () => {
  const { context } = await place();
  const before = process.umask();
  const properties = { path: './a/b/../run.sh', content: '#!/bin/sh\nécho\n', mode: '0777' };
  const { id, outputs } = await create(context, properties);
  expect(process.umask()).toBe(before);
  const path = join(context.directory, 'a/run.sh');
  expect([id, outputs]).toEqual(['a/run.sh', { path, sha256: sha256(properties.content), sizeBytes: 16 }]);
  expect([await readFile(path, 'utf8'), await modeOf(path)]).toEqual([properties.content, '777']);
  expect(await readdir(join(context.directory, 'a'))).toEqual(['run.sh']);
  await create(context, { path: 'plain', content: '' });
  expect(await modeOf(join(context.directory, 'plain'))).toBe('644');
});

test('never takes the place of what is there, unless it is told to', async () => {
  const { context } = await place();
  const path = join(context.directory, 'mine');
  await writeFile(path, 'precious');
  const properties = { path: 'mine', content: 'new' };
  await expect(create(context, properties)).rejects.toMatchObject({
    code: 'file-exists',
    hint: expect.stringContaining('slipway import'),
    details: { effect: 'none' },
  });
  expect(await readFile(path, 'utf8')).toBe('precious');
  await create(context, { ...properties, overwrite: true });
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await readdir(context.directory)).toEqual(['.slipway', 'mine']);
  expect(localFile.irreversible?.('create', { ...properties, overwrite: true })).toMatch(/not kept/);
  expect(localFile.irreversible?.('create', properties)).toBeUndefined();
});

test('a folder, or a file where a folder must be, is refused with what to do', async () => {
  const { context } = await place();
  await mkdir(join(context.directory, 'folder'));
  await writeFile(join(context.directory, 'file'), '');
  const refusal = (properties: JsonObject) => create(context, { content: '', ...properties }).catch((error) => error);
  expect(await refusal({ path: 'folder', overwrite: true })).toMatchObject({ code: 'file-exists' });
  expect(await refusal({ path: 'file/below' })).toMatchObject({
    code: 'folder-impossible',
    subject: expect.stringContaining('file'),
  });
  expect(await refusal({ path: '../outside' })).toMatchObject({ code: 'path-outside' });
});

test('an absolute path may lie outside the project', async () => {
  const { context } = await place();
  const other = await place();
  const path = join(other.context.directory, 'absolute');
  expect(localFile.schema.safeParse({ path, content: '' }).success).toBe(true);
  expect((await create(context, { path, content: 'x' })).id).toBe(path);
  expect(await readFile(path, 'utf8')).toBe('x');
});

test('a link is replaced, and what it points to is left alone', async () => {
  const { context } = await place();
  const target = join(context.directory, 'target');
  await writeFile(target, 'untouched');
  await symlink(target, join(context.directory, 'link'));
  await create(context, { path: 'link', content: 'new', overwrite: true });
  expect([await readFile(target, 'utf8'), await readFile(join(context.directory, 'link'), 'utf8')]).toEqual([
    'untouched',
    'new',
  ]);
});

test('drift of content or rights is named, and foreign content is shown by its hash alone', async () => {
  const { context } = await place();
  const properties = { path: 'f', content: 'declared' };
  const recorded = { ...(await create(context, properties)), name, properties, token };
  const path = join(context.directory, 'f');
  const drift = async () => {
    const found = await localFile.read(context, recorded);
    if (found.kind !== 'present' || !found.properties) throw new Error('it should be there');
    return { differences: localFile.diff?.(properties, found.properties), text: JSON.stringify(found) };
  };
  expect((await drift()).differences).toEqual([]);
  await writeFile(path, 'somebody else wrote a password');
  const content = await drift();
  expect(content.differences).toMatchObject([{ path: 'content', before: 'declared', replaces: false }]);
  expect(content.text).not.toContain('password');
  expect(content.text).toContain(sha256('somebody else wrote a password'));
  await chmod(path, 0o600);
  expect((await drift()).differences?.map((one) => one.path)).toEqual(['content', 'mode']);
  // Bringing it back is an update like any other.
  await localFile.update?.(context, { token: 't2', name, recorded, properties, changed: ['content', 'mode'] });
  expect((await drift()).differences).toEqual([]);
  expect(await modeOf(path)).toBe('644');
});

test('a drifted file is deleted too, and deletion needs no folder', async () => {
  const { context } = await place();
  const properties = { path: 'd/f', content: 'declared' };
  const recorded = { ...(await create(context, properties)), name, properties, token };
  await writeFile(join(context.directory, 'd/f'), 'drifted');
  await localFile.delete(context, recorded);
  expect(await readdir(join(context.directory, 'd'))).toEqual([]);
  await localFile.delete(context, { ...recorded, properties: { ...properties, path: 'no/such/folder' } });
});

/** Kills a process in the middle of creating the file `f`; false when that had been done before it could be killed. */
async function killedCreating(context: CallContext, length: number): Promise<boolean> {
  const script = `
    import { localFile } from ${JSON.stringify(new URL('../../src/resources/file.ts', import.meta.url).href)};
    const signal = new AbortController().signal;
    const properties = { path: 'f', content: 'x'.repeat(${length}) };
    await localFile.create({ signal, directory: process.cwd() }, { token: '${token}', name: 'f', properties });`;
  const child = spawn(process.execPath, ['-C', 'slipway-source', '--input-type=module', '-e', script], {
    cwd: context.directory,
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  while (readdirSync(context.directory).length === 1 && child.exitCode === null) await setImmediate();
  child.kill('SIGKILL');
  await ended;
  return !readdirSync(context.directory).includes('f');
}

test('a creation that is killed half-way leaves no target, and the look that settles it clears the rest away', async () => {
  const content = 'x'.repeat(64 * 1024 * 1024);
  let { context } = await place();
  for (let tries = 0; tries < 10 && !(await killedCreating(context, content.length)); tries++)
    ({ context } = await place());
  const left = await readdir(context.directory);
  expect(left).toHaveLength(2);
  expect(left).not.toContain('f');
  const properties = { path: 'f', content };
  expect(await localFile.find(context, { action: 'create', token, name, properties })).toEqual({ kind: 'absent' });
  expect(await readdir(context.directory)).toEqual(['.slipway']);
});

test('find tells our content from another, for creation and update', async () => {
  const { context } = await place();
  const properties = { path: 'f', content: 'ours' };
  const query = { action: 'create', token, name, properties } as const;
  await writeFile(join(context.directory, 'f'), 'theirs');
  expect(await localFile.find(context, query)).toEqual({ kind: 'absent' });
  await writeFile(join(context.directory, 'f'), 'ours', { mode: 0o644 });
  expect(await localFile.find(context, query)).toMatchObject({ kind: 'present', id: 'f' });
  await chmod(join(context.directory, 'f'), 0o600);
  expect(await localFile.find(context, query)).toEqual({ kind: 'absent' });
});

test('import takes an existing text file as it is, and refuses what could not be declared', async () => {
  const { context } = await place();
  await writeFile(join(context.directory, 'f'), 'there already\n', { mode: 0o600 });
  const imported = await localFile.import?.(context, 'f', { path: 'f', content: 'wanted' }, name);
  expect(imported).toEqual({
    kind: 'present',
    id: 'f',
    properties: { path: 'f', content: 'there already\n', mode: '0600' },
    outputs: { path: join(context.directory, 'f'), sizeBytes: 14 },
  });
  expect(await localFile.import?.(context, 'none', {}, name)).toEqual({ kind: 'absent' });
  await writeFile(join(context.directory, 'binary'), Buffer.from([0xff, 0xfe, 0x00]));
  await expect(localFile.import?.(context, 'binary', {}, name)).rejects.toMatchObject({ code: 'import-impossible' });
});

test('a private file leaves no hash behind, and content with a secret must be private', async () => {
  const { context } = await place();
  const { outputs } = await create(context, { path: 'f', content: 'hunter2', mode: '0600' });
  expect(Object.keys(outputs).sort()).toEqual(['path', 'sizeBytes']);
  const content = 'password = ${secret:DB}\n';
  expect(localFile.schema.safeParse({ path: 'f', content }).error?.issues[0]).toMatchObject({
    path: [],
    message: expect.stringContaining("'0600'"),
  });
  expect(localFile.schema.safeParse({ path: 'f', content, mode: '0640' }).success).toBe(false);
  expect(localFile.schema.safeParse({ path: 'f', content, mode: '0600' }).success).toBe(true);
  expect(localFile.schema.safeParse({ path: 'f', content: 'literally $${secret:DB}' }).success).toBe(true);
});

test('outputs are predicted only from content that is known', () => {
  const known = { path: 'f', content: 'abc' };
  expect(localFile.predict?.(known)).toEqual({ sha256: sha256('abc'), sizeBytes: 3 });
  expect(localFile.predict?.({ ...known, content: '${resource:x.y}' })).toEqual({});
});

test.for<[JsonObject, string]>([
  [{ path: '../up', content: '' }, 'path'],
  [{ path: 'a/../../up', content: '' }, 'path'],
  [{ path: '', content: '' }, 'path'],
  [{ path: 'f' }, 'content'],
  [{ path: 'f', content: 1 }, 'content'],
  [{ path: 'f', content: '', mode: 644 }, 'mode'],
  [{ path: 'f', content: '', mode: '0999' }, 'mode'],
])('refuses %j because of %s', ([properties, path]) => {
  expect(localFile.schema.safeParse(properties).error?.issues[0]?.path).toEqual([path]);
});

test('defaults, spellings and `overwrite` make no difference to what is there', async () => {
  const diff = (before: JsonObject, after: JsonObject) =>
    localFile.diff?.({ path: 'f', content: '', ...before }, { path: 'f', content: '', ...after });
  expect(diff({}, { mode: '0644' })).toEqual([]);
  expect(diff({ mode: '644' }, { mode: '0644' })).toEqual([]);
  expect(diff({}, { path: './f' })).toEqual([]);
  expect(diff({}, { overwrite: false })).toEqual([]);
  expect(diff({}, { path: 'g' })).toMatchObject([{ path: 'path', replaces: true }]);
  const { context } = await place();
  const recorded = { name, id: 'f', outputs: { path: 'x' }, properties: {}, token };
  const request = {
    token,
    name,
    recorded,
    properties: { path: 'f', content: '', overwrite: true },
    changed: ['overwrite'],
  };
  expect(await localFile.update?.(context, request)).toEqual({ id: 'f', outputs: { path: 'x' } });
  expect(await readdir(context.directory)).toEqual(['.slipway']);
});
