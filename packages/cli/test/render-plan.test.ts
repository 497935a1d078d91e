import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { renderPlan } from '../src/render/plan.ts';
import { formatChange } from '../src/render/value.ts';
import { colorLook, plainLook, sampleChange, samplePlan, sampleStep } from './samples.ts';

const text = (lines: readonly string[]) => lines.join('\n');

describe('a small plan', () => {
  const plan = samplePlan({
    changes: [
      sampleChange({ address: 'resource:new', action: 'create' }),
      sampleChange({
        address: 'resource:key',
        action: 'update',
        reasons: [{ path: 'properties.content', before: 'old', after: 'new', replaces: false }],
      }),
      sampleChange({
        address: 'resource:disk',
        action: 'replace',
        reasons: [{ path: 'properties.zone', before: 'a', after: 'b', replaces: true }],
      }),
      sampleChange({ address: 'resource:gone', action: 'delete' }),
      sampleChange({ address: 'service:still', action: 'none' }),
    ],
    steps: [sampleStep('resource:new/create'), sampleStep('service:web/probe', { wave: 2, estimateMs: 4000 })],
    criticalPath: ['resource:new/create', 'service:web/probe'],
    warnings: [{ code: 'not-reversible', subject: 'service:web', message: "this can't be taken back" }],
  });
  const shown = text(renderPlan(plan, plainLook));

  test('marks each change with its sign', () => {
    expect(shown).toMatch(/^ {2}\+ resource:new core:value$/m);
    expect(shown).toMatch(/^ {2}~ resource:key/m);
    expect(shown).toMatch(/^-\/\+ resource:disk/m);
    expect(shown).toMatch(/^ {2}- resource:gone/m);
  });

  test('gives the reasons, and which force a replacement', () => {
    expect(shown).toContain('properties.content  "old" → "new"');
    expect(shown).toContain('properties.zone  "a" → "b" (forces replacement)');
  });

  test('counts what stays, and names path, estimate and warnings', () => {
    expect(shown).toContain('1 node unchanged');
    expect(shown).not.toContain('service:still');
    expect(shown).toContain('2 steps in 2 waves, about 5.0s with up to 10 at once');
    expect(shown).toContain('critical path: resource:new/create → service:web/probe');
    expect(shown).toContain("service:web: this can't be taken back");
  });

  test('says the same in colour', () => {
    const colored = text(renderPlan(plan, colorLook));
    expect(colored).not.toBe(shown);
    expect(stripVTControlCharacters(colored)).toBe(shown);
  });
});

describe('the steps of a rollout', () => {
  const step = (id: string, work: object) => sampleStep(id, work as Parameters<typeof sampleStep>[1]);
  const linesOf = (kind: 'deploy' | 'rollback') =>
    text(
      renderPlan(
        samplePlan({
          kind,
          steps: [
            step('service:web/stage', { action: 'stage', input: { revision: { id: 'new' }, slots: [0, 1] } }),
            step('service:web/scale-2', { action: 'scale', input: { revision: 'new', slots: [0, 1, 2] } }),
            step('service:web/shrink-1', { action: 'scale', input: { revision: 'old', slots: [0] } }),
            step('service:web/switch', { action: 'switch', input: { weights: { old: 100 }, roles: {} } }),
            step('service:web/take-back', { action: 'switch', input: { weights: { old: 100 }, roles: {} } }),
          ].filter(({ action }) => kind === 'deploy' || action === 'switch'),
        }),
        plainLook,
      ),
    );

  test('say whose instances they mean, where those are not of the new revision', () => {
    expect(linesOf('deploy')).toMatch(/stage .*2 instances$/m);
    expect(linesOf('deploy')).toMatch(/scale-2 .*3 instances$/m);
    expect(linesOf('deploy')).toMatch(/shrink-1 .*1 instance of old$/m);
  });

  test('say that nothing moves on the way there, and what does on the way back', () => {
    expect(linesOf('deploy')).toMatch(/switch .*all stays$/m);
    expect(linesOf('deploy')).toMatch(/take-back .*all back to old$/m);
    expect(linesOf('rollback')).toMatch(/switch .*100 % to old$/m);
  });
});

test('nothing to do is said in words', () => {
  const plan = samplePlan({ changes: [sampleChange({ address: 'resource:a', action: 'none' })] });
  expect(text(renderPlan(plan, plainLook))).toContain('Nothing to do: 1 node is as declared.');
});

test('a plan of 10,000 changes in 3,000 waves stays within 200 lines and gives the rest as counts', () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `n${index}`);
  const actions = ['create', 'update', 'replace', 'delete'] as const;
  const reasons = Array.from({ length: 40 }, (_, index) => ({
    path: `p${index}`,
    before: 1,
    after: 2,
    replaces: false,
  }));
  const lines = renderPlan(
    samplePlan({
      changes: names.map((name, index) => {
        return sampleChange({ address: `resource:${name}`, action: actions[index % 4] as 'create', reasons });
      }),
      steps: names.map((name, index) => sampleStep(`resource:${name}/create`, { wave: 1 + (index % 3000) })),
      criticalPath: names.slice(0, 3000).map((name) => `resource:${name}/create`),
      warnings: names.map((name) => ({ code: 'note', subject: name, message: 'look' })),
    }),
    plainLook,
  );
  expect(lines.length).toBeLessThanOrEqual(200);
  for (const action of ['created', 'updated', 'replaced', 'deleted']) {
    expect(text(lines)).toContain(`2,500 nodes to be ${action}`);
  }
  expect(text(lines)).toMatch(/… and [\d,]+ more$/m);
  expect(text(lines)).toMatch(/… and [\d,]+ more waves/);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(400);
});

describe('a changed value', () => {
  test('of several lines shows the first that differs', () => {
    expect(formatChange('a\nb\nc', 'a\nB\nc\nd', '→')).toBe('line 2: "b" → "B" (3 → 4 lines)');
    expect(formatChange('a\n', 'a', '→')).toBe('line 2: "" → (no such line) (2 → 1 lines)');
  });

  test('that is long is cut, and shows where two long ones part', () => {
    const long = 'x'.repeat(500);
    const shown = formatChange(`${long}1`, `${long}2`, '→');
    expect(shown.length).toBeLessThan(200);
    expect(shown).toContain('from character 501');
    expect(shown).toContain('1"');
    expect(shown).toContain('2"');
  });

  test('never moves the cursor or breaks the line', () => {
    const shown = formatChange('\u001b[2J\r\nx', { a: '\u001b]0;t\u0007' }, '→');
    expect(shown).not.toMatch(/\p{Cc}/u);
  });

  test('that only the run can know is not put in quotes', () => {
    expect(formatChange('x', '(known after apply)', '→')).toBe('"x" → (known after apply)');
  });
});

test('a rollout can be read: how much goes where, how long it stays, and what is measured', () => {
  const metrics = [{ name: 'error-rate' }, { name: 'p95' }];
  const analysis = { analysis: { metrics } };
  const step = (id: string, action: string, input: unknown, wave: number, more = {}) =>
    sampleStep(`service:web/${id}`, { action, input, wave, ...more } as Parameters<typeof sampleStep>[1]);
  const plan = samplePlan({
    steps: [
      step('stage', 'stage', { revision: { id: 'web-new' }, slots: [0, 1] }, 1),
      step('switch-10', 'switch', { weights: { 'web-new': 10, 'web-old': 90 }, roles: {} }, 2),
      step('analyse-10', 'analyse', { ...analysis, durationMs: 60_000 }, 3, { estimateMs: 60_000 }),
      step('pause-10', 'pause', { why: 'a person continues from 10 %' }, 4),
      step('watch', 'watch', analysis, 4, { until: ['service:web/verify'] }),
      step(
        'switch-0',
        'switch',
        {
          weights: { 'web-old': 100 },
          roles: {},
          routes: [{ revision: 'web-new', header: 'x-canary', value: '1' }],
        },
        5,
      ),
    ],
  });
  const shown = text(renderPlan(plan, plainLook));
  for (const line of [
    'web/stage ~1.0s  2 instances',
    'web/switch-10 ~1.0s  10 % to web-new, 90 % stays',
    'web/analyse-10 ~1m 00s  1m 00s: error-rate, p95',
    'web/pause-10  until a person continues from 10 %',
    'web/watch ~1.0s  until verify: error-rate, p95',
    'web/switch-0 ~1.0s  all stays, header x-canary=1 to web-new',
  ]) {
    expect(shown).toContain(line);
  }
});
