import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Analysis } from '../../src/config/project.ts';
import { assess, count, type Tallies } from '../../src/verify/assess.ts';
import { judgeMeasurement } from '../../src/verify/judge-measurement.ts';
import { analysis, assessed, comparing, metric } from './analyses.ts';

const verdict = (of: Analysis, marks: string | Record<string, string>, when?: 'on-the-way') =>
  assessed(of, marks, when).verdict;

describe('a run whose measurements all failed to be made', () => {
  it('never succeeds: errors of the source are no measurements', () => {
    expect(assessed(analysis(), '!!!!')).toMatchObject({
      verdict: 'inconclusive',
      why: 'errors: nothing was measured conclusively, at least 1 needed; last: no answer',
    });
    expect(verdict(analysis(), '')).toBe('inconclusive');
  });

  it('gives a source up for good after so many errors in a row, and tells that apart from bad values', () => {
    const lost = assessed(analysis(), '++!!!!!');
    expect(lost).toMatchObject({
      verdict: 'inconclusive',
      settled: true,
      why: 'errors: its source failed 5 times in a row; last: no answer',
    });
    // It came back; it was lost all the same. A failure that it tells of then counts.
    expect(verdict(analysis(), '++!!!!!+++')).toBe('inconclusive');
    expect(verdict(analysis(), '++!!!!!-')).toBe('fail');
    expect(verdict(analysis(), '+!!!!+!!!!+')).toBe('pass');
    expect(assessed(analysis(), '!!!!!', 'on-the-way')).toMatchObject({ verdict: 'running', settled: true });
  });
});

describe('no traffic', () => {
  it('neither passes nor breaks an analysis', () => {
    expect(verdict(analysis(), '0000')).toBe('inconclusive');
    expect(verdict(analysis(), '0000', 'on-the-way')).toBe('running');
    expect(assessed(analysis(), '0000').settled).toBe(false);
  });

  it('for a while does not take away what was measured', () => {
    expect(verdict(analysis(), '++00')).toBe('pass');
    expect(verdict(analysis({ minimumMeasurements: 3 }), '++00')).toBe('inconclusive');
    expect(verdict(analysis({ minimumMeasurements: 3 }), '++0+')).toBe('pass');
  });

  it('for good does not pass on what was measured before', () => {
    expect(assessed(analysis(), `+${'0'.repeat(59)}`)).toMatchObject({
      verdict: 'inconclusive',
      settled: false,
      why: 'errors: nothing was told of it by the last 59 measurements: no data',
    });
    // As a minute measured every ten seconds, where the first answer was the last one.
    expect(verdict(analysis(), '+00000')).toBe('inconclusive');
    expect(verdict(analysis(), '+00')).toBe('inconclusive');
    expect(verdict(analysis(), '+0!0!')).toBe('inconclusive');
    expect(verdict(analysis(), `${'+'.repeat(50)}0000`)).toBe('pass');
    expect(verdict(analysis(), `${'+'.repeat(50)}00000`)).toBe('inconclusive');
    expect(verdict(analysis(), `${'+'.repeat(50)}00000+`)).toBe('pass');
  });

  it('of what is seldom used is no more than it always was', () => {
    expect(verdict(analysis(), '+0')).toBe('pass');
    expect(verdict(analysis(), '00000+000+000')).toBe('pass');
    expect(verdict(analysis(), '+000000+000000')).toBe('pass');
    // Before the first data nobody knows what is normal.
    expect(verdict(analysis(), '00000+00')).toBe('inconclusive');
  });

  it('neither ends nor forgives a row of failures', () => {
    const patient = analysis({ metrics: [metric({ consecutiveFailures: 3 })] });
    expect(verdict(patient, '-0-!-', 'on-the-way')).toBe('fail');
    expect(verdict(patient, '-0-+-', 'on-the-way')).toBe('running');
  });
});

describe('a failure', () => {
  it('is decided by the measurement that makes it', () => {
    expect(assessed(analysis(), '+-', 'on-the-way')).toMatchObject({ verdict: 'fail', why: 'errors: bad' });
    const patient = analysis({ metrics: [metric({ consecutiveFailures: 3, failureLimit: 4 })] });
    expect(verdict(patient, '+--', 'on-the-way')).toBe('running');
    expect(assessed(patient, '+---', 'on-the-way').why).toBe('errors: 3 measurements in a row failed, the last: bad');
    expect(verdict(patient, '--+-', 'on-the-way')).toBe('running');
    expect(assessed(patient, '--+-+-', 'on-the-way').why).toBe('errors: 4 measurements failed, the last: bad');
  });

  it('stays one, whatever comes later', () => {
    expect(verdict(analysis(), '-++++++')).toBe('fail');
  });

  it('that is tolerated leaves the end open when it is the newest, and never makes a pass by itself', () => {
    const patient = analysis({ metrics: [metric({ consecutiveFailures: 3 })] });
    expect(verdict(patient, '+-+')).toBe('pass');
    expect(assessed(patient, '++-').why).toBe("errors: the newest of its measurements doesn't pass: bad");
    expect(verdict(patient, '--')).toBe('inconclusive');
  });
});

it('does not pass what lies between failing and passing at the end', () => {
  expect(verdict(analysis(), '++?')).toBe('inconclusive');
  expect(verdict(analysis(), '??+')).toBe('pass');
});

describe('several metrics', () => {
  const latency = metric({ name: 'latency', critical: false, weight: 3 });
  const errors = metric({ critical: false });

  it('must all pass where nothing else is said', () => {
    const both = analysis({ metrics: [metric(), metric({ name: 'latency' })] });
    expect(verdict(both, { errors: '+', latency: '+' })).toBe('pass');
    expect(verdict(both, { errors: '+', latency: '0' })).toBe('inconclusive');
    expect(verdict(both, { errors: '+' })).toBe('inconclusive');
    expect(assessed(both, { errors: '+', latency: '-' }, 'on-the-way').why).toBe('latency: bad');
  });

  it('weigh as much as is said, and fail as soon as the score is out of reach', () => {
    const scored = analysis({ metrics: [errors, latency], passScore: 0.75 });
    expect(assessed(scored, { errors: '-', latency: '+' })).toMatchObject({ verdict: 'pass' });
    expect(assessed(scored, { errors: '+', latency: '-' }, 'on-the-way').why).toBe(
      'latency: bad (at most 0.25 of the weight can pass, 0.75 needed)',
    );
    expect(verdict(scored, { errors: '0', latency: '+' })).toBe('pass');
    expect(verdict(scored, { errors: '+', latency: '0' })).toBe('inconclusive');
  });

  it('never pass on a critical one that did not, nor where none did', () => {
    const guarded = analysis({ metrics: [metric(), latency], passScore: 0 });
    expect(verdict(guarded, { errors: '0', latency: '+' })).toBe('inconclusive');
    expect(verdict(guarded, { errors: '-', latency: '+' })).toBe('fail');
    expect(verdict(analysis({ metrics: [errors, latency], passScore: 0 }), { errors: '0', latency: '!' })).toBe(
      'inconclusive',
    );
  });
});

test('whatever is measured: no pass without a pass in every critical metric, none with a certain failure', () => {
  const marks = fc.string({ unit: fc.constantFrom('+', '-', '?', '0', '!'), maxLength: 12 });
  const settings = fc.record({
    consecutiveFailures: fc.integer({ min: 1, max: 3 }),
    critical: fc.boolean(),
    passScore: fc.constantFrom(0, 0.5, 1),
    minimumMeasurements: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(marks, marks, settings, (a, b, { consecutiveFailures, critical, ...more }) => {
      const of = analysis({
        ...more,
        metrics: [metric({ consecutiveFailures }), metric({ name: 'latency', critical })],
      });
      const end = verdict(of, { errors: a, latency: b });
      if (end === 'pass') {
        expect(a).toContain('+');
        if (critical) expect(b).toContain('+');
      }
      if (verdict(of, { errors: a, latency: b }, 'on-the-way') === 'fail') expect(end).toBe('fail');
      if (consecutiveFailures === 1 && a.includes('-')) expect(end).toBe('fail');
    }),
  );
});

describe('a statistical judge', () => {
  const judge = { direction: 'increase', confidence: 0.95, tolerance: 0.1, minimumMeasurements: 5 } as const;
  const p95 = comparing({ name: 'p95', query: 'latencyP95', judge });

  function compared(ours: number[], theirs: number[], of = p95) {
    const whole = analysis({ metrics: [of] });
    let tallies: Tallies = new Map();
    for (const [i, value] of ours.entries()) {
      const at = new Date(i * 1_000).toISOString();
      tallies = count(whole, tallies, { metric: 'p95', at, value, other: theirs[i]!, verdict: 'collected', why: '' });
    }
    expect(assess(whole, tallies, 'on-the-way').verdict).toBe('running');
    return assess(whole, tallies, 'at-the-end');
  }

  const stable = [100, 104, 98, 101, 97, 103, 99, 102];

  it('fails what is worse beyond chance and by more than is tolerated', () => {
    const twice = compared(
      stable.map((value) => value * 2),
      stable,
    );
    expect(twice.verdict).toBe('fail');
    expect(twice.why).toMatch(
      /^p95: worse than stable: shift 100\.5 \(100 % of the median 100\.5\), .*; effect 1; 8 against 8/,
    );
  });

  it('passes what is the same, better, or worse by no more than is tolerated', () => {
    expect(compared(stable.toReversed(), stable).verdict).toBe('pass');
    expect(
      compared(
        stable.map((value) => value / 2),
        stable,
      ).verdict,
    ).toBe('pass');
    expect(
      compared(
        stable.map((value) => value + 8),
        stable,
      ).verdict,
    ).toBe('pass');
    expect(
      compared(
        stable.map((value) => value / 2),
        stable,
        { ...p95, judge: { ...judge, direction: 'either' } },
      ).verdict,
    ).toBe('fail');
    expect(
      compared(
        stable.map((value) => value / 2),
        stable,
        { ...p95, judge: { ...judge, direction: 'decrease' } },
      ).verdict,
    ).toBe('fail');
  });

  it('does not say of too few, or of what may be chance, that it passes', () => {
    expect(compared([200, 210, 190, 205], [100, 100, 100, 100]).why).toContain(
      'too few measurements to compare: 4 against 4',
    );
    const wild = compared([50, 300, 90, 280, 120], [100, 101, 99, 140, 160]);
    expect([wild.verdict, wild.why]).toEqual(['inconclusive', expect.stringContaining('may be chance')]);
  });

  it('compares what limits beside it find neither good nor bad, too', () => {
    const limited = { ...p95, fail: { above: 500 }, pass: { below: 200 } };
    const whole = analysis({ metrics: [limited] });
    let tallies: Tallies = new Map();
    // Three of four windows are twice as slow as the stable revision; the newest isn't.
    for (const [i, value] of Array.from({ length: 20 }, (_, at) => (at % 4 === 3 ? 184 : 390)).entries()) {
      const other = { value: 180 + (i % 5) };
      const { kept, ...judged } = judgeMeasurement(limited, 1, { value }, other);
      const at = new Date(i * 1_000).toISOString();
      tallies = count(whole, tallies, { metric: 'p95', at, value, other: other.value, ...judged, kept: kept === true });
    }
    const assessment = assess(whole, tallies, 'at-the-end');
    expect([assessment.verdict, assessment.why]).toEqual(['fail', expect.stringContaining('20 against 20')]);
  });

  it('says that it is worse even where the newest value is neither good nor bad', () => {
    const limited = { ...p95, fail: { above: 500 }, pass: { below: 150 } };
    const whole = analysis({ metrics: [limited] });
    let tallies: Tallies = new Map();
    for (const [i, other] of stable.entries()) {
      const { kept, ...judged } = judgeMeasurement(limited, 1, { value: other * 2 }, { value: other });
      const at = new Date(i * 1_000).toISOString();
      tallies = count(whole, tallies, { metric: 'p95', at, value: other * 2, other, ...judged, kept: kept === true });
    }
    expect(assess(whole, tallies, 'at-the-end').why).toContain('p95: worse than stable');
  });

  it('leaves out what has too few samples on the other side', () => {
    const limited = { ...p95, fail: { above: 10 } };
    expect(judgeMeasurement(limited, 5, { value: 50, samples: 9 }, { value: 5, samples: 9 }).kept).toBe(true);
    expect(judgeMeasurement(limited, 5, { value: 50, samples: 9 }, { value: 5, samples: 1 }).kept).toBeUndefined();
  });

  it('divides by no median of zero', () => {
    const none = Array.from({ length: 8 }, () => 0);
    expect(compared(none, none).verdict).toBe('pass');
    const some = compared(stable, none);
    expect([some.verdict, some.why]).toEqual(['fail', expect.not.stringMatching(/NaN|Infinity/)]);
  });
});
