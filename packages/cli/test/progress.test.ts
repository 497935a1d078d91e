import { describe, expect, test } from 'vitest';
import { renderFrame } from '../src/progress/frame.ts';
import type { Happening } from '../src/progress/happening.ts';
import { describeBeat, PlainDisplay } from '../src/progress/plain-display.ts';
import { Progress } from '../src/progress/progress.ts';
import { widthOf } from '../src/render/width.ts';
import { plainLook, sampleEvent, samplePlan, sampleStep } from './samples.ts';

const error = { code: 'broken', message: 'it broke\nbadly' };
const started = (id: string, attempt = 1) => sampleEvent('step.started', id, { attempt, token: 't' });
const succeeded = (id: string) => sampleEvent('step.succeeded', id, { durationMs: 3000 });
const failed = (id: string, final: boolean) => {
  return sampleEvent('step.failed', id, { attempt: 1, durationMs: 3000, error, final, retryInMs: 2000 });
};

function begin(ids: readonly string[], doneBefore: readonly string[] = []): Progress {
  const progress = new Progress(doneBefore);
  const plan = samplePlan({ steps: ids.map((id) => sampleStep(id, { estimateMs: 15_000 })), estimateMs: 80_000 });
  progress.observe({ kind: 'started', deployment: 'dep1', plan }, 1000);
  return progress;
}

describe('the frame', () => {
  const size = { columns: 100, rows: 20 };

  test('names each running step with its number, time, estimate and last line', () => {
    const progress = begin(['service:web/build', 'service:api/build', 'service:api/test']);
    progress.observe(started('service:web/build'), 1000);
    progress.observe(started('service:api/build'), 2000);
    progress.observe({ kind: 'log', step: 'service:web/build', line: 'compiled 12 modules' }, 3000);
    const lines = renderFrame(progress.current!, 13_000, size, plainLook);
    expect(lines[0]).toContain('Deploying dev');
    expect(lines[0]).toContain('0 of 3 steps');
    expect(lines[0]).toContain('12s of ~1m 20s');
    expect(lines[1]).toBe('  1/3 service:web build  12s of ~15s  compiled 12 modules');
    expect(lines[2]).toBe('  2/3 service:api build  11s of ~15s');
    expect(lines).toHaveLength(3);
  });

  test('counts on after a resume', () => {
    const progress = begin(['a/x', 'b/x', 'c/x'], ['a/x', 'b/x']);
    progress.observe(started('c/x'), 1000);
    const lines = renderFrame(progress.current!, 2000, size, plainLook);
    expect(lines[0]).toContain('2 of 3 steps');
    expect(lines[1]).toContain('3/3 c x');
  });

  test('counts a step once that was settled, and so succeeded', () => {
    const progress = begin(['a/x', 'b/x'], ['a/x']);
    const settled = sampleEvent('step.settled', 'b/x', { as: 'done', how: 'It is there.' });
    expect(progress.observe(settled, 1000)).toMatchObject({ kind: 'finished', outcome: 'settled', over: 2 });
    expect(progress.observe(succeeded('b/x'), 1000)).toBeUndefined();
    expect(renderFrame(progress.current!, 2000, size, plainLook)[0]).toContain('2 of 2 steps');
  });

  test('shows when a step is tried again, and why', () => {
    const progress = begin(['a/x']);
    progress.observe(started('a/x'), 1000);
    progress.observe(failed('a/x', false), 2000);
    expect(renderFrame(progress.current!, 2500, size, plainLook)[1]).toContain('again in 1.5s: it broke badly');
    progress.observe(started('a/x', 2), 4000);
    expect(renderFrame(progress.current!, 4500, size, plainLook)[1]).toContain('attempt 2');
  });

  test('follows an automatic rollback', () => {
    const progress = begin(['a/x']);
    progress.observe({ kind: 'started', deployment: 'dep2', plan: samplePlan({ kind: 'rollback' }) }, 5000);
    expect(renderFrame(progress.current!, 6000, size, plainLook)[0]).toContain('Rolling back dev');
  });

  test('tells how many steps are done on a narrow terminal too', () => {
    const progress = begin(['a/x', 'b/x', 'c/x'], ['a/x', 'b/x']);
    expect(renderFrame(progress.current!, 2000, { columns: 39, rows: 5 }, plainLook)[0]).toContain('2 of 3 steps');
  });

  test.each([20, 40, 79])('no line is wider than %d columns, whatever a step says', (columns) => {
    const progress = begin(['service:a-service-with-a-long-name/build']);
    progress.observe(started('service:a-service-with-a-long-name/build'), 1000);
    const line =
      '\u001b[31m日本語テキスト 👩‍👩‍👧 \t\r and so on, for a while, to the end of the line and further still';
    progress.observe({ kind: 'log', step: 'service:a-service-with-a-long-name/build', line }, 1000);
    const lines = renderFrame(progress.current!, 2000, { columns, rows: 20 }, plainLook);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  });

  test('is no higher than the terminal with 10,000 steps running', () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `resource:n${index}/create`);
    const progress = begin(ids);
    for (const id of ids) progress.observe(started(id), 1000);
    const lines = renderFrame(progress.current!, 2000, { columns: 80, rows: 10 }, plainLook);
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toContain('and 9992 more running');
  });
});

test('steps that failed are kept with the end of their output', () => {
  const progress = begin(['a/x']);
  progress.observe(started('a/x'), 1000);
  for (let line = 1; line <= 30; line += 1) progress.observe({ kind: 'log', step: 'a/x', line: `line ${line}` }, 1000);
  progress.observe(failed('a/x', true), 2000);
  expect(progress.troubled.map(({ id }) => id)).toEqual(['a/x']);
  expect(progress.troubled[0]?.tail).toEqual(Array.from({ length: 10 }, (_, index) => `line ${index + 21}`));
});

describe('plain lines', () => {
  function display(progress: Progress) {
    const written: string[] = [];
    const plain = new PlainDisplay((text) => written.push(text), progress, { look: plainLook, verbose: false });
    const show = (happening: Happening | undefined) => happening && plain.show(happening);
    const lines = () => {
      plain.close();
      return written.join('').trimEnd().split('\n');
    };
    return { show, lines };
  }

  test('say what started and what ended, with the time in front', () => {
    const progress = begin(['a/x', 'b/x']);
    const { show, lines } = display(progress);
    show(progress.observe(started('a/x'), 1000));
    show(progress.observe(started('b/x'), 1000));
    show(progress.observe(succeeded('b/x'), 4000));
    const shown = lines();
    expect(shown[0]).toMatch(/^\d\d:\d\d:\d\d ● a\/x started \(estimate ~15s\)$/);
    expect(shown[1]).toMatch(/^\d\d:\d\d:\d\d ✔ b\/x 3.0s \(1 of 2\)$/);
    expect(shown).toHaveLength(2);
  });

  test('name the reason of a failure', () => {
    const progress = begin(['a/x']);
    const { show, lines } = display(progress);
    show(progress.observe(started('a/x'), 1000));
    show(progress.observe(failed('a/x', true), 2000));
    expect(lines().join('\n')).toContain('✘ a/x failed 3.0s: it broke');
  });

  test("give many steps that were not run as a count, and a step's endless output cut", () => {
    const ids = Array.from({ length: 500 }, (_, index) => `n${index}/x`);
    const progress = begin(ids);
    const { show, lines } = display(progress);
    show(progress.observe(started('n0/x'), 1000));
    for (let line = 0; line < 1000; line += 1)
      show(progress.observe({ kind: 'log', step: 'n0/x', line: 'noise' }, 1000));
    for (const id of ids) show(progress.observe(sampleEvent('step.skipped', id, { reason: 'needs n0' }), 2000));
    const shown = lines();
    expect(shown.join('\n')).toContain('500 steps not run');
    expect(shown.length).toBeLessThan(210);
  });

  test('the heartbeat names what still runs, the longest first, for how long and against which estimate', () => {
    const progress = begin(['a/x', 'b/x', 'c/x']);
    progress.observe(started('a/x'), 1000);
    progress.observe(started('b/x'), 31_000);
    expect(describeBeat(progress.current!, 61_000)).toBe(
      'still running: a/x 1m 00s (estimate ~15s), b/x 30s (estimate ~15s); 0 of 3 steps, 1m 00s of ~1m 20s',
    );
  });

  test('the heartbeat comes by itself while nothing else happens', async () => {
    const progress = begin(['a/x']);
    progress.observe(started('a/x'), Date.now());
    const beat = Promise.withResolvers<string>();
    const plain = new PlainDisplay(beat.resolve, progress, { look: plainLook, verbose: false, heartbeatMs: 20 });
    const keepAlive = setInterval(() => undefined, 1000);
    expect(await beat.promise).toMatch(/^\d\d:\d\d:\d\d still running: a\/x/);
    clearInterval(keepAlive);
    plain.close();
  });
});
