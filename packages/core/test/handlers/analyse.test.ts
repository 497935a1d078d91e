import { waitUntil } from '@slipway/provider-testkit';
import { describe, expect, it } from 'vitest';
import type { Analysis, Metric } from '../../src/config/project.ts';
import type { MetricQuery } from '../../src/provider/contract.ts';
import { refusal } from '../support/refusal.ts';
import { analysis, comparing, metric } from '../verify/analyses.ts';
import { Analysing } from './analysing.ts';

const made = (more: Partial<Metric> = {}) =>
  metric({ source: 'made', query: '{{service}} {{revision}} {{window}}', ...more });
const quick = (more: Partial<Analysis> = {}) => analysis({ intervalMs: 20, metrics: [made()], ...more });
const until = (what: string, isTrue: () => boolean) => waitUntil(what, async () => isTrue());
const failing: Analysis['onInconclusive'] = { kind: 'fail' };

describe('analysing', () => {
  it('measures at each interval, notes everything, and passes on good values', async () => {
    const step = new Analysing(quick());
    const asked: string[] = [];
    step.answer = ({ query }) => {
      asked.push(query);
      return { value: 0.01, samples: 40 };
    };
    const verdict = await step.analyse(110);
    expect(verdict).toMatchObject({ verdict: 'pass', ended: 'time', metrics: [{ metric: 'errors', verdict: 'pass' }] });
    // A slow machine passes moments over.
    expect(step.marks).toMatch(/^\+{1,6}$/);
    expect(asked[0]).toBe('web web-2 1s');
    expect(step.notes[0]).toHaveProperty('began.at');
    expect(step.notes[1]).toHaveProperty('counted.since');
    expect(step.notes[2]).toMatchObject({
      measured: { metric: 'errors', value: 0.01, samples: 40, verdict: 'pass', why: '0.01 is not above 0.05' },
    });
    expect(step.notes.at(-1)).toEqual({ verdict });
  });

  it('asks a source for single values since the last measurement, and compares none where there are none', async () => {
    const judge = { direction: 'increase', confidence: 0.95, tolerance: 0.1, minimumMeasurements: 3 } as const;
    const compared = comparing({ source: 'made', query: 'q', judge, windowMs: 60_000 });
    const step = new Analysing(quick({ metrics: [compared], onInconclusive: failing }));
    const asked: MetricQuery[] = [];
    step.answer = (query) => {
      if (query.revision === 'web-2') asked.push(query);
      return { value: 5, series: [] };
    };
    const error = await refusal(step.analyse(400), 'analysis-inconclusive');
    expect(error.message).toContain('too few measurements to compare: 0 against 0');
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.slice(1).map(({ since }) => since)).toEqual(asked.slice(0, -1).map(({ to }) => to));
    expect(asked.every(({ from, to }) => to - from === 60_000)).toBe(true);
  });

  it('fails at the sample that decides it, at once, and says metric, value, limit and revision', async () => {
    const step = new Analysing(quick({ metrics: [made(), made({ name: 'hangs', query: 'hangs' })] }));
    let asked = 0;
    step.answer = ({ query }, signal) => {
      if (!query.includes('hangs') && ++asked > 2) return { value: 0.2 };
      return asked > 2 ? new Promise((_, reject) => signal.addEventListener('abort', reject)) : { value: 0 };
    };
    const error = await refusal(step.analyse(60_000), 'analysis-failed');
    expect(error.message).toBe('web/web-2 fails its analysis: errors: 0.2 is above 0.05.');
    expect(error).toMatchObject({ subject: 'service:web', details: { effect: 'none', revision: 'web-2' } });
    expect(error.hint).toContain('slipway show d1');
    expect(step.notes.at(-1)).toMatchObject({ verdict: { verdict: 'fail', ended: 'failure' } });
  });

  it('does not succeed when every measurement failed to be made', async () => {
    const step = new Analysing(quick({ onInconclusive: failing }));
    step.answer = () => Promise.reject(new Error('connection refused'));
    const error = await refusal(step.analyse(60_000), 'analysis-inconclusive');
    // The source was given up for good, so that nobody waits for the minute to pass.
    expect(step.marks).toBe('!!!!!');
    expect(error.message).toContain(
      'its source failed 5 times in a row; last: the source made failed: connection refused',
    );
  });

  it('neither passes nor breaks without traffic: it is inconclusive', async () => {
    const step = new Analysing(quick({ metrics: [metric()], onInconclusive: failing }));
    const error = await refusal(step.analyse(70), 'analysis-inconclusive');
    expect(step.marks).toMatch(/^\?+$/);
    expect(error.message).toContain('nothing was measured conclusively');
  });

  it('takes a source that hangs for one that failed', async () => {
    const step = new Analysing(quick({ metrics: [made({ consecutiveErrors: 1 })], onInconclusive: failing }));
    step.answer = () => new Promise(() => {});
    const error = await refusal(step.analyse(60_000), 'analysis-inconclusive');
    expect(error.message).toContain('no answer within 1000 ms');
  });

  it('begins after the initial delay', async () => {
    const step = new Analysing(quick({ initialDelayMs: 100 }));
    let first: number | undefined;
    const begun = performance.now();
    step.answer = () => {
      first ??= performance.now() - begun;
      return { value: 0 };
    };
    await step.analyse(160);
    expect(first).toBeGreaterThan(99);
  });

  it('has one measurement in any case, however short it is', async () => {
    const step = new Analysing(quick({ intervalMs: 10_000 }));
    expect((await step.analyse(30)).verdict).toBe('pass');
    expect(step.marks).toBe('+');
  });

  it('ends at once when it is stopped', async () => {
    const step = new Analysing(quick());
    step.answer = () => new Promise(() => {});
    const done = step.analyse(60_000);
    await until('it has begun', () => step.notes.length > 0);
    step.stop();
    await expect(done).rejects.toThrow('stopped');
  });
});

describe('promoting', () => {
  it('ends it at once, as inconclusive where nothing was measured', async () => {
    const step = new Analysing(quick({ intervalMs: 60_000 }));
    const done = step.analyse(600_000);
    await until('it has begun', () => step.notes.length > 0);
    step.wish('promote');
    expect(await done).toMatchObject({ verdict: 'inconclusive', ended: 'promoted' });
  });

  it('changes nothing about a failure that is decided already', async () => {
    const step = new Analysing(quick());
    step.answer = () => ({ value: 1 });
    await refusal(step.analyse(60_000), 'analysis-failed');
    step.notes.pop();
    step.wish('promote');
    await refusal(step.analyse(60_000), 'analysis-failed');
  });
});

describe('where the data do not tell', () => {
  const nothing = () => ({ value: null });

  it('waits for a person, whose word is noted', async () => {
    const step = new Analysing(quick());
    step.answer = nothing;
    step.wish('continue', 'said before');
    const done = step.analyse(50);
    await until('it waits', () => step.waited.length > 0);
    expect(step.waited[0]).toContain('the analysis of web is inconclusive: errors: nothing was measured conclusively');
    expect(step.notes.at(-1)).toMatchObject({ waiting: { after: 1 } });
    step.wish('continue', 'bob');
    expect(await done).toMatchObject({ verdict: 'inconclusive', ended: 'accepted', by: 'bob' });
    expect(await step.settle()).toMatchObject({ as: 'done', outcome: { detail: { by: 'bob' } } });
  });

  it('waits on after a kill, and hears what was said meanwhile', async () => {
    const step = new Analysing(quick());
    step.answer = nothing;
    const killed = step.analyse(50);
    await until('it waits', () => step.waited.length > 0);
    step.stop();
    await expect(killed).rejects.toThrow('stopped');
    const { marks } = step;
    step.wish('continue');
    expect(await step.settle()).toMatchObject({ as: 'not-done' });
    expect(await step.analyse(50)).toMatchObject({ ended: 'accepted', by: 'ann' });
    expect(step.marks).toBe(marks);
  });

  it('measures on for as long again where that is the policy, and not forever', async () => {
    const extend = { kind: 'extend', times: 2, else: 'fail' } as const;
    const helped = new Analysing(quick({ onInconclusive: extend }));
    helped.answer = () => (helped.notes.some((note) => 'extended' in note) ? { value: 0 } : nothing());
    expect(await helped.analyse(60)).toMatchObject({ verdict: 'pass' });
    const never = new Analysing(quick({ onInconclusive: extend }));
    never.answer = nothing;
    await refusal(never.analyse(40), 'analysis-inconclusive');
    expect(never.notes.filter((note) => 'extended' in note)).toHaveLength(2);
  });

  it('does not pass a comparison that has no other side', async () => {
    const of = quick({ metrics: [comparing({ source: 'made', maxIncrease: 2 })], onInconclusive: failing });
    const error = await refusal(new Analysing(of, { stable: null }).analyse(50), 'analysis-inconclusive');
    expect(error.message).toContain('there is no stable revision to compare with');
  });
});

describe('watching', () => {
  it('goes on until what it watches is over, whoever promotes meanwhile', async () => {
    const step = new Analysing(quick());
    const done = step.watch();
    await until('it measures', () => step.marks.length > 1);
    step.wish('promote');
    const { length } = step.marks;
    await until('it measures on', () => step.marks.length > length + 1);
    step.over.abort();
    expect(await done).toMatchObject({ verdict: 'pass', ended: 'over' });
  });

  it('fails at once', async () => {
    const step = new Analysing(quick());
    step.answer = () => ({ value: step.marks.length > 2 ? 1 : 0 });
    await refusal(step.watch(), 'analysis-failed');
    expect(step.marks).toBe('+++-');
  });

  it('that saw nothing does not pass, but measures on where that is the policy', async () => {
    const nothing = new Analysing(quick({ onInconclusive: failing }));
    nothing.over.abort();
    await refusal(nothing.watch(), 'analysis-inconclusive');
    const extended = new Analysing(
      quick({ onInconclusive: { kind: 'extend', times: 1, else: 'fail' }, durationMs: 60 }),
    );
    extended.over.abort();
    expect(await extended.watch()).toMatchObject({ verdict: 'pass', ended: 'time' });
  });
});

describe('a watch that is over before its initial delay is', () => {
  it('has measured nothing, and says so', async () => {
    const step = new Analysing(quick({ initialDelayMs: 120_000, onInconclusive: failing }));
    step.answer = () => ({ value: 900 });
    step.notes.push({ began: { at: new Date(Date.now() - 60_000).toISOString() } });
    step.over.abort();
    const error = await refusal(step.watch(), 'analysis-inconclusive');
    expect(error.message).toContain('nothing was measured conclusively');
    expect(step.marks).toBe('');
  });

  it('measures on from the end of the delay where that is the policy', async () => {
    const onInconclusive = { kind: 'extend', times: 1, else: 'fail' } as const;
    const step = new Analysing(quick({ initialDelayMs: 400, durationMs: 60, onInconclusive }));
    const begun = performance.now();
    let first: number | undefined;
    step.answer = () => {
      first ??= performance.now() - begun;
      return { value: 0 };
    };
    step.over.abort();
    expect(await step.watch()).toMatchObject({ verdict: 'pass', ended: 'time' });
    expect(first).toBeGreaterThan(399);
  });
});
