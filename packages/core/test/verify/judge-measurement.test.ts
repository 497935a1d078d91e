import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Metric } from '../../src/config/project.ts';
import type { MetricReading } from '../../src/provider/contract.ts';
import { judgeMeasurement, type OtherReading } from '../../src/verify/judge-measurement.ts';
import { comparing, metric } from './analyses.ts';

function judged(of: Metric, reading: number | null | MetricReading, other?: number | OtherReading, minimumSamples = 1) {
  const read = typeof reading === 'number' || reading === null ? { value: reading } : reading;
  const beside = typeof other === 'number' ? { value: other } : other;
  return judgeMeasurement(of, minimumSamples, read, beside);
}

describe('against constants', () => {
  it('fails beyond and passes otherwise, with the numbers', () => {
    expect(judged(metric(), 0.2)).toEqual({ verdict: 'fail', why: '0.2 is above 0.05' });
    expect(judged(metric(), 0.05)).toEqual({ verdict: 'pass', why: '0.05 is not above 0.05' });
    expect(judged(metric({ fail: { below: 10 } }), 3).why).toBe('3 is below 10');
    const both = metric({ fail: { below: 10, above: 20 } });
    expect([9, 10, 20, 21].map((value) => judged(both, value).verdict)).toEqual(['fail', 'pass', 'pass', 'fail']);
  });

  it('is inconclusive between failing and passing, and fails what does not pass where nothing else fails', () => {
    const between = metric({ pass: { below: 0.01 } });
    expect([0.009, 0.01, 0.05, 0.06].map((value) => judged(between, value).verdict)).toEqual([
      'pass',
      'inconclusive',
      'inconclusive',
      'fail',
    ]);
    expect(judged(between, 0.03).why).toBe("0.03 neither fails nor passes: it isn't below 0.01");
    const { fail: _, ...only } = metric({ pass: { above: 1, below: 2 } });
    expect([1, 1.5, 2].map((value) => judged(only, value).verdict)).toEqual(['fail', 'pass', 'fail']);
  });
});

describe('what is not over yet', () => {
  const open = (value: number, atMost: number) => ({ value, atMost, samples: 100, note: '3 requests wait' });

  it('is judged where it makes no difference', () => {
    expect(judged(metric(), open(0.2, 0.9))).toEqual({ verdict: 'fail', why: '0.2 is above 0.05' });
    expect(judged(metric(), open(0.01, 0.04))).toEqual({ verdict: 'pass', why: '0.01 is not above 0.05' });
    expect(judged(metric(), open(0.2, Number.POSITIVE_INFINITY)).verdict).toBe('fail');
  });

  it('is inconclusive where it does, on either side, and that is no lack of data', () => {
    const why = "0.01 isn't final: 3 requests wait";
    expect(judged(metric(), open(0.01, 0.06))).toEqual({ verdict: 'inconclusive', why });
    expect(judged(metric(), open(0.01, Number.POSITIVE_INFINITY))).toEqual({ verdict: 'inconclusive', why });
    const twice = comparing({ maxIncrease: 2 });
    expect(judged(twice, open(0.01, 0.03), { value: 0.01, samples: 100 })).toEqual({ verdict: 'inconclusive', why });
    expect(judged(twice, { value: 0.03, samples: 100 }, open(0.01, 0.02)).verdict).toBe('inconclusive');
    expect(judged(twice, { value: 0.03, samples: 100 }, open(0.01, 0.012)).verdict).toBe('fail');
  });

  it('is not kept to be compared', () => {
    expect(judged(comparing({}), open(0.01, 0.03), { value: 0.01, samples: 100 }).verdict).toBe('inconclusive');
  });

  it('stays without data where there are none', () => {
    expect(judged(metric(), { ...open(0.01, 0.06), samples: 0 })).toMatchObject({ lacking: true });
  });
});

describe('no data', () => {
  it('is never a pass and never a failure, whatever the condition', () => {
    const nothing = [null, Number.NaN, Number.POSITIVE_INFINITY, { value: 0, samples: 0 }, { value: null, samples: 9 }];
    const conditions = [metric(), metric({ fail: { below: 10 } }), comparing({ maxIncrease: 2 }), comparing({})];
    for (const reading of nothing) {
      for (const condition of conditions)
        expect(judged(condition, reading, 1)).toMatchObject({ verdict: 'inconclusive', lacking: true });
    }
  });

  it('says how many samples are missing, and whose', () => {
    expect(judged(metric(), { value: 0, samples: 12 }, undefined, 100).why).toBe(
      'too few samples of this revision: 12, at least 100 are needed',
    );
    const beside = judged(comparing({ maxIncrease: 2 }), { value: 0, samples: 200 }, { value: 0, samples: 3 }, 100);
    expect(beside).toMatchObject({
      verdict: 'inconclusive',
      why: 'too few samples of stable: 3, at least 100 are needed',
    });
    expect(judged(metric(), { value: null, note: 'the query has no result' }).why).toBe(
      'no data of this revision: the query has no result',
    );
  });

  it('of the other takes away a comparison, but not a failure of its own', () => {
    const compared = comparing({ maxIncrease: 2 });
    const missing = { missing: 'there is no stable revision to compare with' };
    expect(judged(compared, 0.5, missing)).toEqual({ verdict: 'inconclusive', why: missing.missing, lacking: true });
    expect(judged(compared, 0.5).verdict).toBe('inconclusive');
    expect(judged({ ...compared, fail: { above: 0.05 } }, 0.5, missing).verdict).toBe('fail');
  });
});

describe('against another revision', () => {
  it('fails beyond so many times the other', () => {
    const p95 = comparing({ query: 'latencyP95', maxIncrease: 1.25 });
    expect(judged(p95, 240, 120)).toEqual({
      verdict: 'fail',
      why: '240 against 120 of stable is more than 1.25 times that (150)',
    });
    expect(judged(p95, 150, 120).verdict).toBe('pass');
    const throughput = comparing({ query: 'requestRate', maxDecrease: 0.5, compareWith: 'baseline' });
    expect(judged(throughput, 4, 10).why).toBe('4 against 10 of baseline is less than 0.5 times that (5)');
    expect(judged(throughput, 5, 10).verdict).toBe('pass');
  });

  it('keeps what a statistical judge compares at the end', () => {
    const judge = { direction: 'increase', confidence: 0.95, tolerance: 0.1, minimumMeasurements: 5 } as const;
    expect(judged(comparing({ judge }), 12, 10).verdict).toBe('collected');
    expect(judged(comparing({ judge }), 12, { value: null }).verdict).toBe('inconclusive');
    expect(judged(comparing({ judge, fail: { above: 11 } }), 12, 10).verdict).toBe('fail');
  });
});

describe('sparse or zero baselines', () => {
  const errorRate = comparing({ maxIncrease: 1.5 });

  it('passes nothing beside nothing: the usual case of two revisions without errors', () => {
    expect(judged(errorRate, { value: 0, samples: 50 }, { value: 0, samples: 500 })).toEqual({
      verdict: 'pass',
      why: '0, as stable',
    });
  });

  it('never divides by zero: what is not zero beside zero is inconclusive', () => {
    const p95 = comparing({ query: 'latencyP95', maxIncrease: 1.25 });
    expect(judged(p95, 20, 0)).toEqual({
      verdict: 'inconclusive',
      why: '20 against 0 of stable: nothing is a multiple of zero',
    });
    const decrease = comparing({ query: 'requestRate', maxDecrease: 0.5 });
    expect([judged(decrease, 20, 0).verdict, judged(decrease, 0, 0).verdict]).toEqual(['inconclusive', 'inconclusive']);
    expect(judged(p95, 5, -5).verdict).toBe('inconclusive');
    expect(judged(p95, -5, 5).verdict).toBe('inconclusive');
  });

  it('fails errors beside a faultless other once they are too many for chance', () => {
    const errors = (count: number, of: number, stable: number) =>
      judged(errorRate, { value: count / of, samples: of }, { value: 0, samples: stable });
    expect(errors(1, 100, 400).verdict).toBe('inconclusive');
    expect(errors(20, 100, 400)).toEqual({
      verdict: 'fail',
      why: '0.2 against 0 of stable, 20 errors in 100 requests against none in 400: more than 1.5 times as many, beyond chance',
    });
    // Five errors in a hundred tell little beside three requests that went well.
    expect(errors(5, 100, 3).verdict).toBe('inconclusive');
    expect(judged(errorRate, { value: 0.2 }, { value: 0 }).verdict).toBe('inconclusive');
  });

  test('whatever the numbers are, nothing is said that is not a number', () => {
    const value = fc.oneof(
      fc.double({ min: -1e300, max: 1e300 }),
      fc.constantFrom(0, -0, Number.NEGATIVE_INFINITY, null),
    );
    const reading = fc.record({ value, samples: fc.option(fc.nat(500), { nil: undefined }) });
    const without = ({ value, samples }: { value: number | null; samples: number | undefined }): MetricReading =>
      samples === undefined ? { value } : { value, samples };
    fc.assert(
      fc.property(reading, reading, fc.double({ min: 0.01, max: 10, noNaN: true }), (ours, theirs, times) => {
        for (const of of [comparing({ maxIncrease: times }), comparing({ maxDecrease: times })]) {
          const { verdict, why } = judged(of, without(ours), without(theirs));
          expect(why).not.toMatch(/NaN|undefined|Infinity/);
          const usable = Number.isFinite(ours.value) && Number.isFinite(theirs.value);
          if (!usable || ours.samples === 0 || theirs.samples === 0) expect(verdict).toBe('inconclusive');
        }
      }),
    );
  });
});

test('a worse value never gets a better verdict', () => {
  const rank = { fail: 0, inconclusive: 1, collected: 1, pass: 2 };
  const number = fc.double({ min: 0, max: 1_000, noNaN: true });
  const limits = fc.record({ limit: number, base: number, times: fc.double({ min: 0.1, max: 5, noNaN: true }) });
  fc.assert(
    fc.property(limits, number, number, ({ limit, base, times }, a, b) => {
      const [better, worse] = [Math.min(a, b), Math.max(a, b)];
      const of = comparing({
        query: 'latencyP95',
        maxIncrease: times,
        fail: { above: limit },
        pass: { below: limit / 2 },
      });
      expect(rank[judged(of, worse, base).verdict]).toBeLessThanOrEqual(rank[judged(of, better, base).verdict]);
    }),
  );
});
