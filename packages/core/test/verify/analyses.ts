import type { Analysis, Metric } from '../../src/config/project.ts';
import { type Assessment, assess, count, type Tallies } from '../../src/verify/assess.ts';
import type { Measurement } from '../../src/verify/tally-metric.ts';

/** A metric with the defaults of the config: the router's error rate, which fails above 5 %. */
export function metric(more: Partial<Metric> = {}): Metric {
  return {
    name: 'errors',
    source: 'router',
    query: 'errorRate',
    fail: { above: 0.05 },
    consecutiveFailures: 1,
    consecutiveErrors: 5,
    weight: 1,
    critical: true,
    ...more,
  };
}

/** The same, held against the stable revision instead. */
export function comparing(more: Partial<Metric>): Metric {
  const { fail: _, ...rest } = metric();
  return { ...rest, compareWith: 'stable', ...more };
}

export function analysis(more: Partial<Analysis> = {}): Analysis {
  return {
    metrics: [metric()],
    initialDelayMs: 0,
    durationMs: 60_000,
    minimumSamples: 1,
    minimumMeasurements: 1,
    passScore: 1,
    onInconclusive: { kind: 'pause' },
    ...more,
  };
}

const MARKS = {
  '+': { value: 0.01, verdict: 'pass', why: 'good' },
  '-': { value: 0.2, verdict: 'fail', why: 'bad' },
  '?': { value: 0.03, verdict: 'inconclusive', why: 'between' },
  '0': { value: null, verdict: 'inconclusive', why: 'no data', lacking: true },
  '!': { value: null, verdict: 'inconclusive', why: 'no answer', error: true },
} as const satisfies Record<string, Omit<Measurement, 'metric' | 'at'>>;

/** Measurements in short: `+` passed, `-` failed, `?` data that don't decide, `0` no data, `!` an error of the source. */
export function measurements(marks: string, name = 'errors'): Measurement[] {
  return Array.from(marks, (mark, i) => ({
    metric: name,
    at: new Date(i * 1_000).toISOString(),
    ...MARKS[mark as keyof typeof MARKS],
  }));
}

/** What these measurements come to; several metrics by name. */
export function assessed(
  of: Analysis,
  marks: string | Record<string, string>,
  when: 'on-the-way' | 'at-the-end' = 'at-the-end',
): Assessment {
  const byName = typeof marks === 'string' ? { errors: marks } : marks;
  let tallies: Tallies = new Map();
  for (const [name, some] of Object.entries(byName)) {
    for (const one of measurements(some, name)) tallies = count(of, tallies, one);
  }
  return assess(of, tallies, when);
}
