import type { StepReport } from '@slipway/core';
import { expect, test } from 'vitest';
import { renderAnalyses } from '../src/render/analyses.ts';
import { plainLook } from './samples.ts';

test('what nobody looked at in time is named', () => {
  const one = { metric: 'errors', value: 0, samples: 40, verdict: 'pass', why: 'good' };
  const at = '2026-11-22T14:00:30.000Z';
  const gap = { since: '2026-11-22T14:00:00.000Z', covered: true };
  const measurements = [
    { ...one, at },
    { ...one, at, gap },
    { ...one, at, gap: { ...gap, covered: false } },
  ];
  const step = { id: 'service:web/watch', measurements } as unknown as StepReport;
  const lines = renderAnalyses([step], plainLook);
  expect(lines.slice(1).map((line) => line.replace(/^.*\) /, ''))).toEqual([
    'pass: good',
    'pass: good; spans 30s, since an interruption',
    'pass: good; the 30s before it were not measured',
  ]);
});
