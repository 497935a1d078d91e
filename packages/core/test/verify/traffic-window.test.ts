import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { RevisionTraffic } from '../../src/provider/contract.ts';
import { markTraffic, readTraffic, type TrafficMark } from '../../src/verify/traffic-window.ts';

const BOUNDS = [10, 100, 1_000];

function counted(requests: number, errors = 0, counts?: number[]): RevisionTraffic {
  const latency = { p50: null, p95: null, p99: null };
  return { requests, errors, open: 0, latency, ...(counts ? { histogram: { bounds: BOUNDS, counts } } : {}) };
}

/** What is read of the revision `a` between the first and the last of these counts, one a second. */
function between(query: string, ...steps: RevisionTraffic[]) {
  const marks: TrafficMark[] = [];
  for (const [i, a] of steps.entries()) marks.push(markTraffic(i * 1_000, { a }, marks.at(-1)));
  return readTraffic(query, 'a', marks[0]!, marks.at(-1)!);
}

it('takes the difference of the counts', () => {
  expect(between('errorRate', counted(100, 50), counted(200, 60))).toEqual({ value: 0.1, samples: 100 });
  expect(between('requests', counted(100), counted(200))).toEqual({ value: 100, samples: 100 });
  expect(between('requestRate', counted(100), counted(150), counted(200))).toEqual({ value: 50, samples: 100 });
});

it('has no rate without requests, nor any data of a revision that the router does not know', () => {
  expect(between('errorRate', counted(100, 50), counted(100, 50))).toEqual({ value: null, samples: 0 });
  const mark = markTraffic(0, {}, undefined);
  expect(readTraffic('errorRate', 'a', mark, mark)).toEqual({
    value: null,
    samples: 0,
    note: 'the router knows nothing of a',
  });
  expect(between('errorrate', counted(1), counted(2))).toMatchObject({
    value: null,
    note: expect.stringContaining('errorRate'),
  });
});

it('counts what came since the router started anew, and a revision that is new to it from zero', () => {
  expect(between('errorRate', counted(1_000, 10), counted(20, 10))).toEqual({ value: 0.5, samples: 20 });
  expect(between('requests', counted(1_000), counted(1_010), counted(5), counted(9))).toMatchObject({ value: 19 });
  const before = markTraffic(0, {}, undefined);
  const after = markTraffic(1_000, { a: counted(40, 4) }, before);
  expect(readTraffic('errorRate', 'a', before, after)).toEqual({ value: 0.1, samples: 40 });
});

it('counts connections that failed where nothing could be requested', () => {
  expect(between('errorRate', counted(0), counted(0, 7))).toEqual({ value: 1, samples: 7 });
});

describe('latencies', () => {
  const p95 = (...steps: RevisionTraffic[]) => between('latencyP95', ...steps);

  it('lie within their bucket', () => {
    expect(p95(counted(0, 0, [0, 0, 0, 0]), counted(100, 0, [0, 100, 0, 0]))).toEqual({ value: 95.5, samples: 100 });
    expect(between('latencyP50', counted(0, 0, [0, 0, 0, 0]), counted(4, 0, [4, 0, 0, 0])).value).toBe(5);
  });

  it('are those of the window, not of all time', () => {
    const slow = [0, 0, 1_000, 0];
    expect(p95(counted(1_000, 0, slow), counted(1_100, 0, [100, 0, 1_000, 0])).value).toBeLessThanOrEqual(10);
  });

  it('beyond the last bound are at least that', () => {
    expect(p95(counted(0, 0, [0, 0, 0, 0]), counted(10, 0, [0, 0, 0, 10]))).toEqual({
      value: 1_000,
      samples: 10,
      note: 'more than 1000 ms',
    });
  });

  it('are no data where none are measured', () => {
    expect(p95(counted(0), counted(10)).value).toBeNull();
    expect(p95(counted(0, 0, [0, 0, 0, 0]), counted(0, 0, [0, 0, 0, 0]))).toEqual({ value: null, samples: 0 });
  });
});

describe('requests that hang', () => {
  const waiting = (requests: number, waits: number, errors = 0, counts?: number[]) => ({
    ...counted(requests, errors, counts),
    waiting: waits,
  });

  it('may become errors, as many as waited all the time', () => {
    expect(between('errorRate', waiting(0, 8), waiting(5, 12, 1))).toEqual({
      value: 1 / 8,
      atMost: 4 / 8,
      samples: 5,
      note: '3 requests or more have waited for all of the 1 s measured; a longer window may tell',
    });
  });

  it('are none of those that came since, nor more than wait now, nor of a router that started anew', () => {
    for (const [from, to] of [
      [waiting(0, 5), waiting(5, 90)],
      [waiting(0, 90), waiting(5, 0)],
      [waiting(50, 90), waiting(5, 90)],
      [counted(0), waiting(5, 90)],
      [waiting(0, 90), counted(5)],
    ] as const)
      expect(between('errorRate', from, to)).toEqual({ value: 0, samples: 5 });
  });

  it('are no samples, and no data by themselves', () => {
    expect(between('errorRate', waiting(0, 5), waiting(0, 9))).toMatchObject({ value: null, samples: 0 });
  });

  it('take at least the window, and nobody knows how long, where a latency hangs on them', () => {
    const [before, after] = [waiting(0, 110, 0, [0, 0, 0, 0]), waiting(100, 90, 0, [100, 0, 0, 0])];
    expect(between('latencyP95', before, after)).toMatchObject({ value: 1_000, atMost: Infinity, samples: 100 });
    expect(between('latencyP50', before, after)).toEqual({ value: 5.5, samples: 100 });
  });
});

test('whenever the router starts anew: as many requests as it told of since are counted', () => {
  const step = fc.record({ more: fc.nat(50), failed: fc.nat(10), anew: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), (steps) => {
      let [raw, expected, errors] = [counted(7), 0, 0];
      let mark = markTraffic(0, { a: raw }, undefined);
      const first = mark;
      for (const [i, { more, failed, anew }] of steps.entries()) {
        const fresh = anew && more + failed < raw.requests;
        raw = counted((fresh ? 0 : raw.requests) + more + failed, (fresh ? 0 : raw.errors) + failed);
        expected += more + failed;
        errors += failed;
        mark = markTraffic((i + 1) * 1_000, { a: raw }, mark);
      }
      const { value, samples } = readTraffic('errorRate', 'a', first, mark);
      expect(samples).toBe(expected);
      if (expected > 0) expect(value).toBeCloseTo(errors / expected, 9);
    }),
  );
});
