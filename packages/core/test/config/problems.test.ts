import { describe, expect, test } from 'vitest';
import { problemsOf } from './load.ts';

const WEB = 'services:\n  web: { path: web, run: node s.js, port: 80 }\n';

/** What is wrong, the file, and every problem that people read about it. */
const CASES: [what: string, yaml: string, problems: string[]][] = [
  ['an empty file', '', ['slipway.yaml:1:1 name: is required']],
  ['a file that is no mapping', '- a', ['slipway.yaml:1:1: must be a mapping with the keys of a project']],
  ['an empty value', 'name:', ['slipway.yaml:1:1 name: must be text, not empty']],
  ['another type', 'name: 5', ['slipway.yaml:1:1 name: must be text, not a number']],
  [
    'a name that is none',
    'name: my shop',
    ['slipway.yaml:1:1 name: must be a name: letters, digits, "-" and "_", a letter or digit first'],
  ],
  ['a mistyped key', 'name: a\nserivces: {}', ['slipway.yaml:2:1 serivces: unknown key; did you mean "services"?']],
  [
    'a mistyped key further down',
    'name: a\nservices:\n  web:\n    path: web\n    run: x\n    port: 80\n    helth: { http: / }\n',
    ['slipway.yaml:7:5 services.web.helth: unknown key; did you mean "health"?'],
  ],
  [
    'a key that is near nothing',
    'name: a\nmoved: [{ from: resource:a, to: resource:b, zzz: 1 }]\nresources: { b: { type: core:value, input: 1 } }',
    ['slipway.yaml:2:45 moved[0].zzz: unknown key; known keys: from, to'],
  ],
  ['a key that stands twice', 'name: a\nname: b', ['slipway.yaml:2:1: this key stands here twice']],
  ['a tab', 'name: a\nservices:\n\tweb: {}', ['slipway.yaml:3:1: a tab can not indent; use spaces']],
  ['an open quote', 'name: "a', ['slipway.yaml:1:9: is not valid YAML: missing closing quote']],
  [
    'a reference that YAML takes for a mapping',
    'name: a\nresources: { x: { type: core:value, input: ${env:X} } }',
    [
      'slipway.yaml:2:45: is not valid YAML: unexpected flow-map-start at node end; inside { } and [ ], put a value with "${…}" in quotes',
    ],
  ],
  ['an alias of nothing', 'name: *x', ['slipway.yaml:1:7: there is no anchor &x before this']],
  ['a tag of its own', 'name: !foo a', ['slipway.yaml:1:7: is not valid YAML: unresolved tag: !foo']],
  ['two documents', 'name: a\n---\nname: b', ['slipway.yaml:2:1: holds more than one YAML document']],
  ['a list as a key', '? [a]\n: b\n', ['slipway.yaml:1:3: keys must be text']],
  [
    'aliases that multiply',
    `name: a\na: &a [${'1,'.repeat(20)}]\nb: &b [${'*a,'.repeat(20)}]\nc: [${'*b,'.repeat(20)}]`,
    ['slipway.yaml:1:1: its aliases multiply without bounds'],
  ],
  [
    'a merge key with nothing to merge',
    'name: a\nlimits: { <<: 5 }',
    ['slipway.yaml:1:1: has a << that merges no mapping'],
  ],
  [
    'aliases and duplicates, both at once',
    'name: a\nname: *b\nlimits: &b {}\nlimits: *b\n',
    [
      'slipway.yaml:2:1: this key stands here twice',
      'slipway.yaml:2:7: there is no anchor &b before this',
      'slipway.yaml:4:1: this key stands here twice',
    ],
  ],
  ['a mapping within itself', 'name: a\nresources: &r\n  x: *r', ['slipway.yaml:3:3 resources.x: contains itself']],
  ['endless nesting', `name: ${'['.repeat(5_000)}`, ['slipway.yaml:1:1: is nested too deeply']],
  [
    'keys that would reach into objects',
    'name: a\n__proto__: { x: 1 }\nresources:\n  __proto__: { type: core:value }\n  constructor: { type: core:value, input: 1 }',
    [
      'slipway.yaml:2:1 __proto__: "__proto__" can not be a key',
      'slipway.yaml:4:3 resources.__proto__: "__proto__" can not be a key',
    ],
  ],
  [
    'a number that is none',
    'name: a\nresources: { x: { type: core:value, input: .nan } }',
    ['slipway.yaml:2:37 resources.x.input: must be a finite number'],
  ],
  [
    'everything in one service',
    `name: a
services:
  web:
    path: /abs
    port: 0
    stopGrace: 10
    env: { A B: x }
    strategy: bluegreen
    health: { http: healthz, tcp: true, interval: soon }
    dependsOn: web2
    protect: maybe
`,
    [
      'slipway.yaml:3:3 services.web: says neither how to run it nor what to serve; add run, a command that starts it, static, a folder to serve, or image',
      'slipway.yaml:4:5 services.web.path: must be a relative path that stays inside',
      'slipway.yaml:5:5 services.web.port: must be a whole number from 1 to 65535',
      'slipway.yaml:6:5 services.web.stopGrace: must be a duration with a unit; write "10s" or "10ms"',
      'slipway.yaml:7:12 services.web.env["A B"]: must be the name of a variable: letters, digits and "_", no digit first',
      'slipway.yaml:8:5 services.web.strategy: must be one of "recreate", "blue-green", "rolling"; did you mean "blue-green"?',
      'slipway.yaml:9:15 services.web.health.http: must be a path that begins with "/"',
      'slipway.yaml:9:30 services.web.health.tcp: a health check has http or tcp, not both',
      'slipway.yaml:9:41 services.web.health.interval: must be a duration; write for example "500ms", "30s", "5m" or "1h30m"',
      'slipway.yaml:10:5 services.web.dependsOn: must be a list, not text',
      'slipway.yaml:11:5 services.web.protect: must be true or false',
    ],
  ],
  [
    'strategies',
    `name: a
services:
  a:
    path: a
    run: x
    port: 1
    strategy:
      canary:
        steps: [{ weight: 50 }, { weight: 10 }]
        analysis:
          metrics:
            - { name: a, source: router, query: errorRate }
            - { name: b, source: router, query: errorRate, compareWith: stable }
            - { name: c, source: router, query: errorRate, maxIncrease: 2 }
  b: { path: b, run: x, port: 2, strategy: { canary: {} } }
  c: { path: b, run: x, static: y, port: 3, strategy: { rolling: {}, recreate: {} } }
  d: { path: b, run: x, port: 4, strategy: { cannary: {} } }
  e: { path: ../b, run: x, port: 70000, strategy: 5 }
  f: { path: b, run: x, port: 4, strategy: canary }
`,
    [
      'slipway.yaml:9:35 services.a.strategy.canary.steps[1].weight: must be more than 50, the weight before',
      'slipway.yaml:12:15 services.a.strategy.canary.analysis.metrics[0]: says nothing of when it fails or passes; add failAbove, failBelow, passAbove, passBelow, or compareWith',
      'slipway.yaml:13:60 services.a.strategy.canary.analysis.metrics[1].compareWith: needs maxIncrease, maxDecrease or judge beside it; for example maxIncrease: 1.25, or judge: mann-whitney',
      'slipway.yaml:14:60 services.a.strategy.canary.analysis.metrics[2].maxIncrease: needs compareWith beside it; write compareWith: stable',
      'slipway.yaml:15:46 services.b.strategy.canary: needs steps; write steps: [{weight: 10, hold: 1m}, …], or the short form: {step: 10, interval: 1m}',
      'slipway.yaml:16:25 services.c.static: a service has run or static, not both',
      'slipway.yaml:16:45 services.c.strategy: must name exactly one strategy; one of recreate, blue-green, rolling, canary',
      'slipway.yaml:17:46 services.d.strategy.cannary: unknown key; did you mean "canary"?',
      'slipway.yaml:18:8 services.e.path: must be a relative path that stays inside',
      'slipway.yaml:18:28 services.e.port: must be a whole number from 1 to 65535',
      'slipway.yaml:18:41 services.e.strategy: must be text or a mapping, not a number',
      'slipway.yaml:19:25 services.f.port: is the port of service "d" too',
      'slipway.yaml:19:34 services.f.strategy: needs the steps of a canary; write canary: {steps: […]}',
    ],
  ],
  [
    'resources',
    `name: a
resources:
  f: { type: local:fil, path: x }
  g: { type: local:file, path: 5, contents: x, mode: "\${resource:h.mode}" }
  h: { type: local:command, create: x, dependOn: [f] }
  i: { type: file }
  j: {}
  k: 5
  l:
  m: { type: locl:file, path: x, content: y }
  n: { type: aws:bucket, whatever: 1 }
  "p q": { type: core:value, input: 1 }
  r: { type: local:command, create: x, properties: { timeout: soon, create: y }, timeout: 5m }
  s: { type: core:value, input: 1, tags: { a: [1] }, retries: -1, replace: first }
`,
    [
      'slipway.yaml:3:8 resources.f.type: there is no resource type "local:fil"; did you mean "local:file"?',
      'slipway.yaml:4:3 resources.g.content: is required',
      'slipway.yaml:4:26 resources.g.path: must be text, not a number',
      'slipway.yaml:4:35 resources.g.contents: unknown key; did you mean "content"?',
      'slipway.yaml:5:40 resources.h.dependOn: unknown key; did you mean "dependsOn"?',
      'slipway.yaml:6:8 resources.i.type: must be a type; write PROVIDER:KIND, for example local:file',
      'slipway.yaml:7:3 resources.j.type: is required',
      'slipway.yaml:8:3 resources.k: must be a mapping, not a number',
      'slipway.yaml:9:3 resources.l: must be a mapping, not empty',
      'slipway.yaml:10:8 resources.m.type: there is no resource type "locl:file"; did you mean "local:file"?',
      'slipway.yaml:12:3 resources["p q"]: must be a name: letters, digits, "-" and "_", a letter or digit first',
      'slipway.yaml:13:54 resources.r.properties.timeout: must be a number, not text',
      'slipway.yaml:13:69 resources.r.properties.create: "create" stands also above properties',
      'slipway.yaml:14:44 resources.s.tags.a: must be text, a number, true or false',
      'slipway.yaml:14:54 resources.s.retries: must be a whole number from 0 to 100',
      'slipway.yaml:14:67 resources.s.replace: must be one of "create-before-delete", "delete-before-create"',
    ],
  ],
  [
    'dependencies',
    `name: a
resources:
  web: { type: core:value, input: 1 }
  key: { type: core:value, input: "\${resource:kee.x} \${service:webb.url}", dependsOn: [kex, resource:ke, service:x, wbe] }
services:
  web: { path: web, run: x, port: 80, dependsOn: [web] }
`,
    [
      'slipway.yaml:4:28 resources.key.input: there is no resource "kee"; did you mean "key"?',
      'slipway.yaml:4:28 resources.key.input: there is no service "webb"; did you mean "web"?',
      'slipway.yaml:4:88 resources.key.dependsOn[0]: there is no resource or service "kex"; did you mean "key"?',
      'slipway.yaml:4:93 resources.key.dependsOn[1]: there is no resource "ke"; did you mean "key"?',
      'slipway.yaml:4:106 resources.key.dependsOn[2]: there is no service "x"',
      'slipway.yaml:4:117 resources.key.dependsOn[3]: there is no resource or service "wbe"; did you mean "web"?',
      'slipway.yaml:6:51 services.web.dependsOn[0]: "web" is a resource and a service; write resource:web or service:web',
    ],
  ],
  [
    'references',
    `name: a
variables: { LOGG: x }
resources:
  o: { type: core:value, input: "\${resource:o} \${secret:} \${env:A:b} \${env:NOPE} \${var:LOG} \${HOME}" }
  p: { type: core:value, input: 1, tags: { key: "\${secret:KEY}" } }
services:
  web: { path: web, run: "x \${secret:KEY}", port: 80, helth: "\${service:web.url}", env: { "A B": "\${service:web.url}" } }
`,
    [
      'slipway.yaml:4:26 resources.o.input: "${resource:o}" is no reference; write ${resource:NAME.OUTPUT}',
      'slipway.yaml:4:26 resources.o.input: "${secret:}" is no reference; write ${secret:NAME}',
      'slipway.yaml:4:26 resources.o.input: "${env:A:b}" is no reference; write ${env:NAME} or ${env:NAME:-default}',
      'slipway.yaml:4:26 resources.o.input: the environment variable NOPE is not set; set it, or give a default: ${env:NOPE:-…}',
      'slipway.yaml:4:26 resources.o.input: there is no variable "LOG"; did you mean "LOGG"?',
      'slipway.yaml:5:44 resources.p.tags.key: "${secret:KEY}" can not stand here; only properties can refer to secrets and to other nodes',
      'slipway.yaml:7:21 services.web.run: "${secret:KEY}" can not stand here; put it into env, and use the variable here',
      'slipway.yaml:7:55 services.web.helth: unknown key; did you mean "health"?',
      'slipway.yaml:7:55 services.web.helth: "${service:web.url}" can not stand here; put it into env, and use the variable here',
      'slipway.yaml:7:91 services.web.env["A B"]: must be the name of a variable: letters, digits and "_", no digit first',
    ],
  ],
  [
    'environments',
    `name: a
environments:
  dev:
    platfrom: local
    platform: locl
    tests: smok
    onFailure: roll
    timeout: 30d
    limits: { overall: 0, types: { x: y } }
    services: { webb: { port: 5 }, web: { prt: 1, port: no } }
    resources: { q: null }
    promoteFrom: prod
    approvals: 2
  production: { platform: { context: x }, resources: 5, promoteFrom: production }
  "a b": 5
${WEB}`,
    [
      'slipway.yaml:4:5 environments.dev.platfrom: unknown key; did you mean "platform"?',
      'slipway.yaml:6:5 environments.dev.tests: must be one of "none", "smoke", "e2e", "full"; did you mean "smoke"?',
      'slipway.yaml:7:5 environments.dev.onFailure: must be one of "rollback", "stop", "continue"; did you mean "rollback"?',
      'slipway.yaml:8:5 environments.dev.timeout: must be a duration of at most 24 days',
      'slipway.yaml:9:15 environments.dev.limits.overall: must be a whole number from 1 to 10000',
      'slipway.yaml:9:36 environments.dev.limits.types.x: must be a whole number from 1 to 10000',
      'slipway.yaml:10:17 environments.dev.services.webb: there is no service "webb" to lay this over; did you mean "web"?',
      'slipway.yaml:10:43 environments.dev.services.web.prt: unknown key; did you mean "port"?',
      'slipway.yaml:10:51 environments.dev.services.web.port: must be a whole number from 1 to 65535',
      'slipway.yaml:11:18 environments.dev.resources.q: there is no resource "q" to remove; resources: none',
      'slipway.yaml:12:5 environments.dev.promoteFrom: there is no environment "prod"; did you mean "production"?',
      'slipway.yaml:13:5 environments.dev.approvals: must be a mapping, not a number',
      'slipway.yaml:14:17 environments.production.platform.use: is required',
      'slipway.yaml:14:57 environments.production.promoteFrom: is this environment itself; name the environment where releases are tried first',
      'slipway.yaml:15:3 environments["a b"]: must be a name: letters, digits, "-" and "_", a letter or digit first',
      'slipway.yaml:15:3 environments["a b"]: must be a mapping, not a number',
    ],
  ],
  [
    'a mistyped platform',
    `name: a\nenvironments:\n  dev: { platform: locl }\n${WEB}`,
    ['slipway.yaml:3:10 environments.dev.platform: there is no platform "locl"; did you mean "local"?'],
  ],
  [
    'the rest of the top level',
    `name: a
secrets: { file: x }
automaticTags: x
limits: { overal: 3 }
moved:
  - { from: web, to: service:x }
  - { from: resource:a, to: service:web }
  - { from: service:web, to: service:b }
  - { from: resource:a, to: resource:b }
extends: [5]
${WEB}`,
    [
      'slipway.yaml:2:12 secrets.file: unknown key; did you mean "files"?',
      'slipway.yaml:3:1 automaticTags: must be a list, not text',
      'slipway.yaml:4:11 limits.overal: unknown key; did you mean "overall"?',
      'slipway.yaml:6:7 moved[0].from: must be an address; write resource:NAME or service:NAME',
      'slipway.yaml:10:1 extends: must be a path or a list of paths',
    ],
  ],
  [
    'renames',
    `name: a
moved:
  - { from: resource:a, to: service:web }
  - { from: service:old, to: service:web }
  - { from: resource:a, to: resource:b }
  - { from: resource:c, to: resource:a }
resources: { c: { type: core:value, input: 1 } }
${WEB}`,
    [
      'slipway.yaml:3:5 moved[0]: a resource can not become a service, nor a service a resource',
      'slipway.yaml:4:5 moved[1]: service:old can not be renamed: its platform knows it by its name; take this entry out, then keep the old name, or deploy the new one beside the old on another port and remove the old one when nobody uses it; it begins with an empty SLIPWAY_DATA_DIR',
      'slipway.yaml:5:25 moved[2].to: resource:b is not declared',
      'slipway.yaml:6:7 moved[3].from: resource:c is still declared',
    ],
  ],
];

describe('problems', () => {
  test.each(CASES)('%s', async (_what, yaml, problems) => {
    expect(
      await problemsOf({ 'slipway.yaml': yaml }, { environment: yaml.includes('environments:') ? 'dev' : undefined }),
    ).toEqual(problems);
  });

  test('a file that is no text', async () => {
    const problems = await problemsOf({ 'slipway.yaml': new Uint8Array([0x6e, 0xff, 0xfe]) });
    expect(problems).toEqual(['slipway.yaml:1:1: is not UTF-8 text']);
  });

  test('thousands of them, all at once', async () => {
    const nodes = Array.from(
      { length: 2_000 },
      (_, index) => `  r${index}: { type: core:value, input: 1, retires: 1 }`,
    );
    const problems = await problemsOf({ 'slipway.yaml': `name: a\nresources:\n${nodes.join('\n')}\n` });
    expect(problems).toHaveLength(2_000);
    expect(problems[1_999]).toBe('slipway.yaml:2002:40 resources.r1999.retires: unknown key; did you mean "retries"?');
  });

  test('keys as long as a page are cut and made harmless', async () => {
    const [problem] = await problemsOf({ 'slipway.yaml': `name: a\n"\\e[31m${'x'.repeat(1_000)}": 1` });
    expect(problem).toMatch(/^slipway\.yaml:2:1 \["\\u001b\[31mx+…"\]: unknown key; known keys: /);
    expect(problem?.length).toBeLessThan(300);
  });
});
