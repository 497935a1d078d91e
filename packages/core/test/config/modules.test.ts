import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/config/problem.ts';
import { load } from './load.ts';
import { loadNatively, type Outcome, type Request } from './load-natively.ts';
import { projectFolder } from './project-folder.ts';

type Files = Readonly<Record<string, string>>;
const ESM = { 'package.json': '{ "type": "module" }' };

async function outcomeOf(files: Files, request: Omit<Request, 'directory'> = {}) {
  await using folder = await projectFolder({ ...ESM, ...files });
  const { outcomes, stderr } = await loadNatively([{ directory: folder.directory, ...request }]);
  const text = JSON.stringify(outcomes[0]).replaceAll(folder.directory, '/project');
  return { outcome: JSON.parse(text) as (typeof outcomes)[0], stderr };
}

async function problemsOf(files: Files): Promise<string[]> {
  const { outcome, stderr } = await outcomeOf(files);
  expect(outcome.thrown).toBeUndefined();
  expect(stderr).toBe('');
  return (outcome.problems ?? []).map(formatProblem);
}

const YAML = `
name: shop
variables: { LOG: info }
environments: { dev: { limits: { overall: 2 } }, prod: { onFailure: rollback } }
resources: { key: { type: local:file, path: "\${var:LOG}.key", content: x } }
services: { web: { path: web, run: node s.js, port: 80, env: { KEY: "\${resource:key.path}", N: 5 }, dependsOn: [key] } }
`;
const TYPESCRIPT = `
import type { ProjectInput } from './types.ts';
import { ports } from './ports.ts';
const key: string = 'key';
export default {
  name: 'shop',
  variables: { LOG: 'info' },
  environments: { dev: { limits: { overall: 2 } }, prod: { onFailure: 'rollback' } },
  resources: { [key]: { type: 'local:file', path: '\${var:LOG}.key', content: 'x' } },
  services: {
    web: { path: 'web', run: 'node s.js', port: ports.web, build: undefined, env: { KEY: '\${resource:key.path}', N: 5 }, dependsOn: ['key'] },
  },
} satisfies ProjectInput;
`;
const PORTS = { 'ports.ts': 'export const ports = { web: 80 as number };' };

const EXIT = 'ends the process';
const INSTEAD = 'throw an Error instead, which says what is missing';
const FAILURES: [what: string, files: Files, problems: string[]][] = [
  [
    'an exit',
    { 'slipway.config.ts': 'const a = 1;\nif (a) process.exit(0);\nexport default {};' },
    [`slipway.config.ts:2:16: ${EXIT}: process.exit(0); ${INSTEAD}`],
  ],
  [
    'an exit in what is imported, behind a catch',
    {
      'slipway.config.ts': "await import('./parts.ts').catch(() => {});\nexport default { name: 'a' };",
      'parts.ts': 'export const leave = () => process.exit();\nleave();',
    },
    [`parts.ts:1:36: ${EXIT}: process.exit(); ${INSTEAD}`],
  ],
  [
    'an exit from a timer',
    { 'slipway.config.ts': 'setTimeout(() => process.exit(3), 1);\nexport default new Promise(() => {});' },
    [`slipway.config.ts:1:26: ${EXIT}: process.exit(3); ${INSTEAD}`],
  ],
  [
    'an enum',
    { 'slipway.config.ts': 'const a = 1;\nenum X { A }\nexport default { name: X.A };' },
    [
      'slipway.config.ts:2:1: TypeScript enum is not supported in strip-only mode; Node strips types and runs the rest: use no enum, namespace or parameter property',
    ],
  ],
  [
    'a syntax error',
    { 'slipway.config.ts': 'export default {\n  name: 1 ;\n};' },
    ["slipway.config.ts:2:11: is not valid TypeScript: Expected ',', got ';'"],
  ],
  [
    'a syntax error in JavaScript',
    { 'slipway.config.mjs': 'export default {\n  name: \n' },
    ['slipway.config.mjs:3:1: is not valid JavaScript: Unexpected end of input'],
  ],
  [
    'a syntax error in a file that it imports',
    { 'slipway.config.ts': "import a from './a.ts';\nexport default a;", 'a.ts': 'export default {\n\n  b: 1 ; };' },
    ["a.ts:3:8: is not valid TypeScript: Expected ',', got ';'"],
  ],
  [
    'a package that is not installed',
    { 'slipway.config.ts': "\nimport { x } from 'no-such-package/sub';\nexport default { name: x };" },
    ['slipway.config.ts:2:20: imports package "no-such-package", which is not there; run npm install no-such-package'],
  ],
  [
    'a file that is not there',
    { 'slipway.config.ts': "import { x } from './ports';\nexport default { name: x };" },
    [
      'slipway.config.ts:1:22: imports module "ports", which is not there; imports need the whole path with its ending, ./name.ts',
    ],
  ],
  [
    'an export that is not there',
    { 'slipway.config.ts': "import { x } from './ports.ts';\nexport default { name: x };", ...PORTS },
    [
      "slipway.config.ts:1:1: is not valid JavaScript: The requested module './ports.ts' does not provide an export named 'x'",
    ],
  ],
  [
    'a mistake of its own',
    { 'slipway.config.ts': 'const a = {} as any;\nexport default { name: a.b.c };' },
    ["slipway.config.ts:2:28: threw TypeError: Cannot read properties of undefined (reading 'c')"],
  ],
  ['throwing a text', { 'slipway.config.mjs': 'throw "no\\nway"' }, ['slipway.config.mjs:1:1: threw "no\\nway"']],
  [
    'throwing nothing',
    { 'slipway.config.mjs': 'throw undefined' },
    ['slipway.config.mjs:1:1: threw a value of type undefined'],
  ],
  [
    'no default export',
    { 'slipway.config.ts': 'export const name = 1;' },
    ['slipway.config.ts:1:1: has no default export; write export default defineProject({…})'],
  ],
  [
    'a function',
    { 'slipway.config.ts': '\nexport default () => ({ name: "a" });' },
    ['slipway.config.ts:2:16: the default export must be an object, not a function'],
  ],
  [
    'what is no plain data',
    {
      'slipway.config.ts':
        'export default {\n  name: "a",\n  resources: { x: { type: "core:value",\n    input: new Map() } },\n};',
    },
    ['slipway.config.ts:4:5 resources.x.input: must be plain data, not an instance of "Map"'],
  ],
  [
    'a getter that throws',
    { 'slipway.config.mjs': 'export default {\n  get name() { throw new Error("boom"); },\n};' },
    ['slipway.config.mjs:2:22: threw Error: boom'],
  ],
];

/** All in one process, since starting one takes longer than all configs. */
async function outcomesOf(projects: readonly Files[]): Promise<Outcome[]> {
  await using stack = new AsyncDisposableStack();
  const folders = await Promise.all(projects.map((files) => projectFolder({ ...ESM, ...files })));
  for (const folder of folders) stack.use(folder);
  const { outcomes, stderr } = await loadNatively(folders.map(({ directory }) => ({ directory })));
  expect(stderr).toBe('');
  return outcomes;
}

describe('a TypeScript config', () => {
  test('gives the same project as YAML', async () => {
    const { outcome, stderr } = await outcomeOf({ 'slipway.config.ts': TYPESCRIPT, ...PORTS }, { environment: 'prod' });
    expect(outcome).not.toHaveProperty('problems');
    expect(stderr).toBe('');
    const { file, ...project } = await load({ 'slipway.yaml': YAML }, { environment: 'prod' });
    expect(outcome.project).toEqual({ ...project, file: '/project/slipway.config.ts' });
    expect(file).toBe('/project/slipway.yaml');
  });

  test('has problems where they are written', async () => {
    const config = `
type Input = { name: string };
const web = {
  path: 'web',
  run: 'x',
  prot: 80,
};
const shared = { limits: { overal: 1 } };
const names = ['a'];
export default defineProject({
  ...shared,
  name: 'shop' as string,
  services: { web, 'the other': { path: 'x' } },
  resources: Object.fromEntries(names.map((name) => [name, { type: 'core:valu', input: 1 }])),
  moved: [
    { from: 'resource:a', to: 'b' },
  ],
  extends: ['./base.yaml'],
});
function defineProject<T extends object>(config: T): T { return config; }
`;
    expect(await problemsOf({ 'slipway.config.ts': config, 'base.yaml': 'automaticTags: 5\n' })).toEqual([
      'slipway.config.ts:6:3 services.web.prot: unknown key; did you mean "port"?',
      'slipway.config.ts:8:28 limits.overal: unknown key; did you mean "overall"?',
      'slipway.config.ts:13:15 services.web.port: is required',
      'slipway.config.ts:13:20 services["the other"]: must be a name: letters, digits, "-" and "_", a letter or digit first',
      // Computed in a loop: the nearest key around it.
      'slipway.config.ts:14:3 resources.a.type: there is no resource type "core:valu"; did you mean "core:value"?',
      'slipway.config.ts:16:27 moved[0].to: must be an address; write resource:NAME or service:NAME',
      'base.yaml:1:1 automaticTags: must be a list, not a number',
    ]);
  });

  describe('that can not be read says so in one line', async () => {
    const outcomes = await outcomesOf(FAILURES.map(([, files]) => files));
    test.each(FAILURES.map(([what, , problems], index) => [what, problems, outcomes[index]] as const))(
      '%s',
      (_what, problems, outcome) => {
        expect(outcome?.thrown).toBeUndefined();
        expect(outcome?.problems?.map(formatProblem)).toEqual(problems);
      },
    );
  });

  test('that never ends is given up when asked to', async () => {
    const never = 'setInterval(() => {}, 1000);\nawait new Promise(() => {});\nexport default { name: "a" };';
    const { outcome } = await outcomeOf({ 'slipway.config.mjs': never }, { timeoutMs: 200 });
    expect(outcome.thrown).toMatch(/^TimeoutError/);
  });

  test('is read anew after it changed', async () => {
    const reload = `
import { writeFileSync } from 'node:fs';
import { importModule } from '${import.meta.dirname}/../../src/config/source/module-source.ts';
const file = new URL('./slipway.config.mjs', import.meta.url).pathname;
const names = [];
for (const name of ['first', 'second one', 'second one']) {
  writeFileSync(file, 'export default { name: ' + JSON.stringify(name) + ' };');
  names.push((await importModule(file)).value.name);
}
export default { name: names.join('_').replaceAll(' ', '-') };
`;
    const { outcome } = await outcomeOf({ 'slipway.config.ts': reload });
    expect(outcome.project?.name).toBe('first_second-one_second-one');
  });
});
