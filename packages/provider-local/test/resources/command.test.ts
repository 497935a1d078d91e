import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext, FindQuery, JsonObject } from '@slipway/core/provider';
import { openTestPlace } from '@slipway/provider-testkit';
import { resourceConformance } from '@slipway/provider-testkit/resource-conformance';
import { expect, test } from 'vitest';
import { localCommand } from '../../src/resources/command.ts';
import { place } from './place.ts';

/** A thing that is a file of lines: who made it, with what. */
const whole = {
  create: 'printf \'{"size":"%s","token":"%s"}\' "$SIZE" "$SLIPWAY_TOKEN" >thing; cat thing',
  update: 'printf \'{"size":"%s","token":"%s"}\' "$SIZE" "$SLIPWAY_TOKEN" >thing; cat thing',
  find: '[ -f thing ] && cat thing',
  read: '[ -f thing ] && sed "s/,.token.*/}/" thing',
  delete: 'rm -f thing',
  env: { SIZE: 1 },
};

const open = async () => {
  const { context, close } = await openTestPlace();
  return { context, close, isThere: async () => (await readdir(context.directory)).includes('thing') };
};

resourceConformance('local:command', {
  type: localCommand,
  properties: whole,
  changed: { ...whole, env: { SIZE: 2 } },
  slow: { create: 'sleep 5; touch thing' },
  open,
});

const { find: _, update: __, ...blind } = whole;
resourceConformance('local:command without find and update', {
  type: localCommand,
  properties: { ...blind, read: 'if [ -f thing ]; then echo \'{"size":"1"}\'; else exit 1; fi' },
  replaced: { ...blind, env: { SIZE: 2 } },
  finds: 'never',
  open,
});

const token = 'token-1';
const name = 'key';
const create = (context: CallContext, properties: JsonObject) =>
  localCommand.create(context, { token, name, properties });
const find = (context: CallContext, query: Partial<FindQuery> & { properties: JsonObject }) =>
  localCommand.find(context, { action: 'create', token, name, ...query });

test.for<[string, JsonObject, string]>([
  ['{"a":1}', { a: 1 }, token],
  ['working...\n{"a":1}\nmore {"b":2}\n{"c":[1,{"d":null}]}\ndone', { c: [1, { d: null }] }, token],
  ['{\n  "id": "i-7",\n  "a": {\n    "b": true\n  }\n}\n', { id: 'i-7', a: { b: true } }, 'i-7'],
  ['{"id":42}', { id: 42 }, '42'],
  ['no json at all', {}, token],
  ['[1,2]', {}, token],
  ['', {}, token],
  [`{"token":"${token}","a":1}`, { a: 1 }, token],
  ['{"token":"an output of its own"}', { token: 'an output of its own' }, token],
])('%j on stdout becomes outputs %j', async ([printed, outputs, id]) => {
  const { context } = await place();
  await writeFile(join(context.directory, 'printed'), printed);
  expect(await create(context, { create: 'cat printed; echo \'{"on":"stderr"}\' >&2' })).toEqual({ id, outputs });
});

test('the last object counts, however much was printed before', async () => {
  const { context, log } = await place();
  const { outputs } = await create(context, {
    create: 'yes 0123456789012345678901234567890123456789 | head -60000; echo \'{"last":true}\'',
  });
  expect(outputs).toEqual({ last: true });
  expect(log.at(-1)).toBe('(more output is not kept)');
  expect(log.join('').length).toBeLessThan(1_100_000);
});

test('commands see what they need of the outside, and nothing else of it', async () => {
  const { context } = await place();
  process.env.SOMEBODYS_PASSWORD = 'do not pass on';
  try {
    const recorded = { name, id: 'i-1', outputs: { a: 1 }, properties: {}, token: 'first' };
    const properties = { create: ':', update: 'env', env: { NUMBER: 1, FLAG: true, OBJECT: { from: 'a reference' } } };
    const { log } = await run();
    const seen = Object.fromEntries(log.map((line) => line.split(/=(.*)/s)));
    expect(seen).toMatchObject({
      NUMBER: '1',
      FLAG: 'true',
      OBJECT: '{"from":"a reference"}',
      SLIPWAY_TOKEN: token,
      SLIPWAY_ACTION: 'update',
      SLIPWAY_NAME: name,
      SLIPWAY_ENVIRONMENT: 'test',
      SLIPWAY_ID: 'i-1',
      SLIPWAY_OUTPUTS: '{"a":1}',
      PATH: process.env.PATH,
    });
    expect(Object.keys(seen)).not.toContain('SOMEBODYS_PASSWORD');
    async function run() {
      const opened = await place();
      await localCommand.update?.(opened.context, { token, name, recorded, properties, changed: ['env.NUMBER'] });
      return opened;
    }
    await expect(create(context, { create: 'test -z "$SLIPWAY_ID$SLIPWAY_OUTPUTS"' })).resolves.toBeDefined();
  } finally {
    delete process.env.SOMEBODYS_PASSWORD;
  }
});

test('every command is told the same: name, environment, action and token, and of what is recorded id and outputs', async () => {
  const { context } = await place();
  const note = (script: string) =>
    `echo "${script} ran to $SLIPWAY_ACTION $SLIPWAY_NAME in $SLIPWAY_ENVIRONMENT for ($SLIPWAY_TOKEN): \${SLIPWAY_ID-none} \${SLIPWAY_OUTPUTS-none}" >>told`;
  const scripts = ['create', 'read', 'find', 'update', 'delete'];
  const properties = Object.fromEntries(scripts.map((script) => [script, `${note(script)}; echo '{"id":"i-1"}'`]));
  const recorded = { name, id: 'i-1', outputs: { a: 1 }, properties, token };
  await create(context, properties);
  await find(context, { properties });
  await localCommand.read(context, recorded);
  await localCommand.update?.(context, { token: 't2', name, recorded, properties, changed: ['create'] });
  await find(context, { action: 'update', token: 't2', recorded, properties, changed: ['create'] });
  await localCommand.delete(context, recorded);
  await find(context, { action: 'delete', token: 't3', recorded, properties });
  await localCommand.import?.(context, 'i-9', properties, name);
  expect((await readFile(join(context.directory, 'told'), 'utf8')).trim().split('\n')).toEqual([
    'create ran to create key in test for (token-1): none none',
    'find ran to create key in test for (token-1): none none',
    'read ran to read key in test for (token-1): i-1 {"a":1}',
    'update ran to update key in test for (t2): i-1 {"a":1}',
    'find ran to update key in test for (t2): i-1 {"a":1}',
    'delete ran to delete key in test for (token-1): i-1 {"a":1}',
    'find ran to delete key in test for (token-1): i-1 {"a":1}',
    'read ran to read key in test for (): i-9 {}',
  ]);
});

test('runs where and through what it is told to', async () => {
  const { context } = await place();
  const node = [process.execPath, '-e'];
  const create1 = await create(context, {
    create: 'console.log(JSON.stringify({ cwd: process.cwd() }))',
    interpreter: node,
    cwd: '.slipway',
  });
  expect(create1.outputs.cwd).toMatch(/\.slipway$/);
  await expect(create(context, { create: ':', cwd: 'nowhere' })).rejects.toMatchObject({ code: 'command-unstartable' });
});

test('a failure says how it ended and its last words; only 75 asks to be tried again', async () => {
  const { context } = await place();
  await expect(create(context, { create: 'echo trying; echo "no route" >&2; exit 3' })).rejects.toMatchObject({
    code: 'command-failed',
    message: expect.stringMatching(
      /create command of key ended with exit code 3\.\n(trying\nno route|no route\ntrying)/,
    ),
    retryable: false,
    details: { exitCode: 3, answered: true },
  });
  await expect(create(context, { create: 'exit 75' })).rejects.toMatchObject({ retryable: true });
  // Killed, it has answered nothing.
  const killed = await create(context, { create: 'kill -9 $$' }).catch((error) => error);
  expect(killed.message).toContain('was ended by SIGKILL');
  expect(killed.details).not.toHaveProperty('answered');
});

test('an abort ends everything that the command started, stubborn or in the background', async () => {
  const { context, with: withSignal } = await place();
  const abort = new AbortController();
  const script = 'sh -c "trap \'\' TERM; while :; do date +%s%N >>beats; sleep 0.05; done" & touch begun; wait';
  const creating = create(withSignal(abort.signal), { create: script });
  const reason = new Error('enough');
  while (!(await readdir(context.directory)).includes('beats')) await sleep(10);
  abort.abort(reason);
  await expect(creating).rejects.toBe(reason);
  const beats = await readFile(join(context.directory, 'beats'), 'utf8');
  await sleep(200);
  expect(await readFile(join(context.directory, 'beats'), 'utf8')).toBe(beats);
});

test('in doubt about a creation: what find prints decides', async () => {
  const { context } = await place();
  const of = (script: string) => find(context, { properties: { create: ':', find: script } });
  expect(await of('echo \'{"id":"i-1","a":1}\'')).toEqual({ kind: 'present', id: 'i-1', outputs: { id: 'i-1', a: 1 } });
  expect(await of('echo "{\\"a\\":1,\\"token\\":\\"$SLIPWAY_TOKEN\\"}"')).toEqual({
    kind: 'present',
    id: token,
    outputs: { a: 1 },
  });
  expect(await of('echo \'{"a":1,"token":"another"}\'')).toEqual({ kind: 'absent' });
  expect(await of('exit 1')).toEqual({ kind: 'absent' });
  await expect(of('true')).rejects.toMatchObject({ code: 'command-output' });
  for (const failure of ['echo "no connection" >&2; exit 1', 'echo something; exit 1', 'exit 2', 'exit 127']) {
    await expect(of(failure), failure).rejects.toMatchObject({
      code: 'command-failed',
      hint: expect.stringContaining('print nothing'),
    });
  }
});

test('in doubt without find: a person is told what to look for', async () => {
  const { context } = await place();
  const found = await find(context, { properties: { create: './make-key.sh --size 4096' } });
  expect(found.kind).toBe('cannot-tell');
  for (const fact of [name, token, './make-key.sh --size 4096']) expect(JSON.stringify(found)).toContain(fact);
});

test('in doubt about an update: only its own token proves it', async () => {
  const { context } = await place();
  const recorded = { name, id: 'i-1', outputs: { a: 1 }, properties: {}, token: 'first' };
  const of = (script: string) =>
    find(context, {
      action: 'update',
      token: 'second',
      recorded,
      properties: { create: ':', update: ':', find: script },
    });
  expect(await of('test "$SLIPWAY_ID" = i-1 && echo \'{"a":2,"token":"second"}\'')).toEqual({
    kind: 'present',
    id: 'i-1',
    outputs: { a: 2 },
  });
  expect(await of('echo \'{"a":1,"token":"first"}\'')).toEqual({ kind: 'absent' });
  expect(await of('exit 1')).toEqual({ kind: 'absent' });
  expect(await of('echo \'{"a":2}\'')).toMatchObject({
    kind: 'cannot-tell',
    look: expect.stringContaining('prints no "token"'),
  });
});

test('in doubt about an update that runs no command: it is done, whatever there is to look with', async () => {
  const { context } = await place();
  const recorded = { name, id: 'i-1', outputs: { a: 1 }, properties: {}, token: 'first' };
  const of = (changed: string[]) =>
    find(context, { action: 'update', token: 'second', recorded, properties: { create: ':', update: ':' }, changed });
  expect(await of(['read', 'delete'])).toEqual({ kind: 'present', id: 'i-1', outputs: { a: 1 } });
  expect(await of(['read', 'env.A'])).toMatchObject({ kind: 'cannot-tell' });
});

test('in doubt about a deletion: find or read by the token of the creation; with nothing to run it is done', async () => {
  const { context } = await place();
  const of = (scripts: JsonObject) => {
    const properties = { create: ':', ...scripts };
    const recorded = { name, id: 'i-1', outputs: { a: 1 }, properties, token: 'first' };
    return find(context, { action: 'delete', token: 'of the deletion', recorded, properties });
  };
  const look = 'test "$SLIPWAY_TOKEN $SLIPWAY_ACTION" = "first delete"';
  expect(await of({ delete: ':', find: look })).toEqual({ kind: 'present', id: 'i-1', outputs: { a: 1 } });
  expect(await of({ delete: ':', read: look })).toMatchObject({ kind: 'present' });
  expect(await of({ delete: ':', find: 'exit 1' })).toEqual({ kind: 'absent' });
  expect(await of({ delete: ':', read: 'exit 1' })).toEqual({ kind: 'absent' });
  expect(await of({ delete: ':' })).toMatchObject({ kind: 'cannot-tell' });
  expect(await of({})).toEqual({ kind: 'absent' });
});

test('reads by read, else by find, else not at all', async () => {
  const { context } = await place();
  const of = (scripts: JsonObject) =>
    localCommand.read(context, { name, id: 'i-1', outputs: { a: 1 }, properties: { create: ':', ...scripts }, token });
  expect(await of({ read: 'echo \'{"a":2}\'', find: 'exit 9' })).toEqual({
    kind: 'present',
    id: 'i-1',
    outputs: { a: 2 },
  });
  expect(await of({ read: 'true' })).toEqual({ kind: 'present', id: 'i-1', outputs: { a: 1 } });
  expect(await of({ read: 'exit 1' })).toEqual({ kind: 'absent' });
  await expect(of({ read: 'exit 5' })).rejects.toMatchObject({ code: 'command-failed' });
  expect(await of({ find: `test "$SLIPWAY_TOKEN" = ${token} && echo '{"a":3,"token":"x"}'` })).toMatchObject({
    outputs: { a: 3 },
  });
  expect(await of({})).toMatchObject({ kind: 'cannot-tell' });
});

test('deletion runs what was declared when it was made; nothing declared, nothing run', async () => {
  const { context } = await place();
  const recorded = {
    name,
    id: 'i-1',
    outputs: { file: 'gone' },
    properties: { create: ':', delete: 'echo "$SLIPWAY_ACTION $SLIPWAY_ID" >deleted' },
    token,
  };
  await localCommand.delete(context, recorded);
  expect(await readFile(join(context.directory, 'deleted'), 'utf8')).toBe('delete i-1\n');
  await localCommand.delete(context, { ...recorded, properties: { create: 'exit 1' } });
  await expect(
    localCommand.delete(context, { ...recorded, properties: { create: ':', delete: 'exit 1' } }),
  ).rejects.toMatchObject({ code: 'command-failed' });
  expect(localCommand.irreversible?.('create', { create: ':' })).toMatch(/stays/);
  expect(localCommand.irreversible?.('create', recorded.properties)).toBeUndefined();
});

test('an update runs only for what reaches the thing, and keeps outputs that it does not print', async () => {
  const { context } = await place();
  const recorded = { name, id: 'i-1', outputs: { a: 1 }, properties: {}, token: 'first' };
  const update = (properties: JsonObject, changed: string[]) =>
    localCommand.update?.(context, { token, name, recorded, properties, changed });
  const failing = { create: ':', update: 'exit 9' };
  expect(await update(failing, ['find', 'read', 'delete', 'update'])).toEqual({ id: 'i-1', outputs: { a: 1 } });
  for (const path of ['create', 'env', 'env.A', 'cwd', 'interpreter']) {
    await expect(update(failing, [path]), path).rejects.toMatchObject({ code: 'command-failed' });
  }
  expect(await update({ create: ':', update: ':' }, ['env'])).toEqual({ id: 'i-1', outputs: { a: 1 } });
  expect(await update({ create: ':', update: 'echo \'{"b":2}\'' }, ['env'])).toEqual({ id: 'i-1', outputs: { b: 2 } });
  await expect(update({ create: ':' }, ['env'])).rejects.toMatchObject({ code: 'update-impossible' });
});

test('a change replaces what has no update, except of the commands that only handle it', () => {
  const differences = (after: JsonObject) =>
    localCommand
      .diff?.({ create: 'a', env: { A: '1', B: '2' } }, { create: 'a', env: { A: '1', B: '2' }, ...after })
      ?.map(({ path, replaces }) => [path, replaces]);
  expect(differences({ env: { A: '1', C: '3' } })).toEqual([
    ['env.B', true],
    ['env.C', true],
  ]);
  expect(differences({ create: 'b', cwd: 'x' })).toEqual([
    ['create', true],
    ['cwd', true],
  ]);
  expect(differences({ create: 'b', update: 'u' })).toEqual([
    ['create', false],
    ['update', false],
  ]);
  expect(differences({ read: 'r', find: 'f', delete: 'd' })).toEqual([
    ['read', false],
    ['find', false],
    ['delete', false],
  ]);
  expect(differences({ cwd: '.', interpreter: ['/bin/sh', '-c'] })).toEqual([]);
});

test('import asks read, else find, about the id that a person gave', async () => {
  const { context } = await place();
  const properties = { create: ':', read: '[ "$SLIPWAY_ID" = i-9 ] && echo \'{"size":9}\'' };
  expect(await localCommand.import?.(context, 'i-9', properties, name)).toEqual({
    kind: 'present',
    id: 'i-9',
    properties,
    outputs: { size: 9 },
  });
  expect(await localCommand.import?.(context, 'i-8', properties, name)).toEqual({ kind: 'absent' });
  await expect(localCommand.import?.(context, 'i-9', { create: ':' }, name)).rejects.toMatchObject({
    code: 'import-impossible',
  });
});

test.for<[JsonObject, string]>([
  [{ create: 'login ${secret:PASSWORD}' }, 'create names a secret'],
  [{ create: ':', find: 'f ${secret:P}', delete: 'd ${secret:P}' }, 'find names a secret'],
  [{ create: ':', interpreter: ['sh', '-c', '${secret:P}'] }, 'interpreter names a secret'],
])('a secret in a command is refused: %j', ([properties, message]) => {
  const [issue] = localCommand.schema.safeParse(properties).error?.issues ?? [];
  expect(issue).toMatchObject({ path: [], message: expect.stringContaining(message) });
  expect(issue?.message).toContain('env');
});

test('a secret in env is fine, and so is a text that only looks like one', () => {
  expect(localCommand.schema.safeParse({ create: ':', env: { P: '${secret:P}' } }).success).toBe(true);
  expect(localCommand.schema.safeParse({ create: 'echo $${secret:P}' }).success).toBe(true);
});

test.for<[JsonObject, (string | number)[]]>([
  [{}, ['create']],
  [{ create: '' }, ['create']],
  [{ create: ':', env: { SLIPWAY_TOKEN: 'x' } }, ['env', 'SLIPWAY_TOKEN']],
  [{ create: ':', env: { 'a-b': 'x' } }, ['env', 'a-b']],
  [{ create: ':', env: { A: [1] } }, ['env', 'A']],
  [{ create: ':', interpreter: [] }, ['interpreter']],
])('refuses %j at %j', ([properties, path]) => {
  expect(localCommand.schema.safeParse(properties).error?.issues[0]?.path).toEqual(path);
});
