import { describe, expect, test } from 'vitest';
import { failureOf, load, problemsOf } from './load.ts';

describe('extends', () => {
  test('lays this file over others, the later over the earlier, from their own folders', async () => {
    const project = await load({
      'slipway.yaml': `
name: shop
extends: [./shared/first.yaml, ./shared/second.yaml]
services: { web: { port: 80, strategy: recreate, env: { OWN: yes } }, gone: null }
automaticTags: [mine]
`,
      'shared/first.yaml': `
extends: ./deep/base.yaml
services:
  web: { path: first, run: first, env: { FIRST: 1, BOTH: first } }
  gone: { path: x, run: x, port: 1 }
automaticTags: [theirs, others]
`,
      'shared/second.yaml': 'services: { web: { path: second, env: { BOTH: second } } }',
      'shared/deep/base.yaml':
        'name: base\nlimits: { overall: 3 }\nservices: { web: { strategy: { rolling: {} }, stopGrace: 1s } }',
    });
    expect(project).toMatchObject({ name: 'shop', automaticTags: ['mine'], environment: { limits: { overall: 3 } } });
    expect(project.services.map(({ name }) => name)).toEqual(['web']);
    expect(project.services[0]?.spec).toMatchObject({
      path: 'second',
      run: 'first',
      port: 80,
      env: { FIRST: '1', BOTH: 'second', OWN: 'yes' },
      strategy: { kind: 'recreate' },
      stopGraceMs: 1_000,
    });
  });

  test('points into the file in which a problem stands', async () => {
    const problems = await problemsOf({
      'slipway.yaml': 'name: shop\nextends: shared/base.yaml\nservices: { web: { port: 0 } }\n',
      'shared/base.yaml':
        'services:\n  web:\n    path: web\n    run: x\n    port: 80\n    helth: {}\nlimits: { overal: 1 }\n',
    });
    expect(problems).toEqual([
      'slipway.yaml:3:20 services.web.port: must be a whole number from 1 to 65535',
      'shared/base.yaml:6:5 services.web.helth: unknown key; did you mean "health"?',
      'shared/base.yaml:7:11 limits.overal: unknown key; did you mean "overall"?',
    ]);
  });

  test('names the path that closes a circle', async () => {
    const problems = await problemsOf({
      'slipway.yaml': 'name: shop\nextends: a.yaml\n',
      'a.yaml': 'extends: [b.yaml]\n',
      'b.yaml': 'extends: [slipway.yaml]\n',
    });
    expect(problems).toEqual(['b.yaml:1:11 extends[0]: extends itself: slipway.yaml → a.yaml → b.yaml → slipway.yaml']);
  });

  test('reads a file once that several others extend', async () => {
    const files: Record<string, string> = { 'slipway.yaml': 'name: shop\nextends: [l0.yaml, l0.yaml]\n' };
    for (let level = 0; level < 30; level++)
      files[`l${level}.yaml`] = `extends: [l${level + 1}.yaml, ./l${level + 1}.yaml]\n`;
    files['l30.yaml'] = 'limits: { overall: 7 }\n';
    expect((await load(files)).environment.limits.overall).toBe(7);
  });

  test('says what is missing or unreadable, all at once', async () => {
    const problems = await problemsOf({
      'slipway.yaml': 'name: shop\nextends: [./nope.yaml, ./broken.yaml, ./base.toml, ./list.yaml]\n',
      'broken.yaml': 'a: "b\n',
      'base.toml': '',
      'list.yaml': '- a\n',
    });
    expect(problems).toEqual([
      'slipway.yaml:2:11 extends[0]: there is no file "./nope.yaml"; it is relative to this file',
      'list.yaml:1:1: must be a mapping with the keys of a project',
      'base.toml:1:1: a config can not end in ".toml"; use .yaml, .yml, .json, .ts, .js or .mjs',
      'broken.yaml:2:1: is not valid YAML: missing closing quote',
    ]);
  });

  test('keeps what an environment takes away from a node that a shared file declares', async () => {
    const project = await load({
      'slipway.yaml':
        'name: shop\nextends: base.yaml\nenvironments: { dev: { services: { web: { build: null }, lab: null } } }\n',
      'base.yaml': `
environments: { dev: { services: { web: { build: theirs }, lab: { port: 5 } } } }
services: { web: { path: web, build: x, run: x, port: 80 }, lab: { path: lab, run: x, port: 81 } }
`,
    });
    expect(project.services.map(({ name, spec }) => [name, spec.build])).toEqual([['web', undefined]]);
  });
});

describe('the config file', () => {
  test('is the first that exists, or the one that is named', async () => {
    const both = { 'slipway.yml': 'name: second', 'slipway.yaml': 'name: first', 'other/mine.yaml': 'name: mine' };
    expect((await load(both)).name).toBe('first');
    expect(await load(both, { file: 'other/mine.yaml' })).toMatchObject({
      name: 'mine',
      file: '/project/other/mine.yaml',
    });
    expect((await load({ 'slipway.yml': 'name: second' })).name).toBe('second');
  });

  test('is missing with a hint', async () => {
    const missing = await failureOf(() => load({ 'readme.md': '' }));
    expect(missing).toMatchObject({ code: 'config-missing', hint: expect.stringContaining('slipway init') });
    expect(await failureOf(() => load({}, { file: 'nope.yaml' }))).toMatchObject({ code: 'config-missing' });
  });

  test('can not be a folder', async () => {
    expect(await problemsOf({ 'slipway.yaml/x': '' })).toEqual(['slipway.yaml:1:1: can not be read (EISDIR)']);
  });
});
