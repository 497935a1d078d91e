import type { JsonObject, StepReport } from '@slipway/core';
import { formatDuration, formatMoment } from './duration.ts';
import type { Look } from './plan.ts';
import { count, oneLine } from './text.ts';

const MOST_MEASUREMENTS = 12;

/** What each analysis measured and came to, with its reasons, and what people said to what waited for them. */
export function renderAnalyses(steps: readonly StepReport[], look: Look): string[] {
  return steps.flatMap((step) => [...renderWish(step, look), ...renderAnalysis(step, look)]);
}

function renderWish({ id, wish, waiting }: StepReport, { colors }: Look): string[] {
  if (waiting !== undefined) return [`${colors.yellow(id)} waits: ${oneLine(waiting)}`];
  if (!wish) return [];
  const why = wish.reason === null ? '' : `: ${oneLine(wish.reason)}`;
  return [`${colors.bold(id)} ${wish.what} by ${wish.by}${why}`];
}

function renderAnalysis({ id, measurements = [], verdict }: StepReport, { colors }: Look): string[] {
  if (measurements.length === 0 && !verdict) return [];
  const shown = measurements.slice(-MOST_MEASUREMENTS);
  const left = measurements.length - shown.length;
  return [
    `${colors.bold(id)} ${verdict ? describeVerdict(verdict, { colors }) : 'has no verdict yet'}`,
    ...(verdict && Array.isArray(verdict.metrics) ? verdict.metrics.flatMap(describeMetric) : []),
    ...(left > 0 ? [colors.dim(`    … ${count(left, 'earlier measurement')}`)] : []),
    ...shown.map((one) => colors.dim(`    ${describeMeasurement(one)}`)),
  ];
}

function describeVerdict(verdict: JsonObject, { colors }: Pick<Look, 'colors'>): string {
  const color = verdict.verdict === 'pass' ? colors.green : verdict.verdict === 'fail' ? colors.red : colors.yellow;
  return `${color(text(verdict.verdict))}: ${oneLine(text(verdict.why))}`;
}

function describeMetric(metric: unknown): string[] {
  if (metric === null || typeof metric !== 'object') return [];
  const { metric: name, verdict, why } = metric as JsonObject;
  return [`  ${text(name)} ${text(verdict)}: ${oneLine(text(why))}`];
}

function describeMeasurement({ at, metric, value, other, samples, verdict, why, gap }: JsonObject): string {
  const held = other === undefined ? '' : ` against ${text(other)}`;
  const resting = samples === undefined ? '' : ` (${text(samples)} samples)`;
  return `${formatMoment(text(at))} ${text(metric)} ${text(value)}${held}${resting} ${text(verdict)}: ${oneLine(text(why))}${describeGap(at, gap)}`;
}

/** What nobody looked at in time: while no process ran, for example. */
function describeGap(at: unknown, gap: unknown): string {
  if (gap === null || typeof gap !== 'object') return '';
  const { since, covered } = gap as JsonObject;
  const span = formatDuration(Date.parse(text(at)) - Date.parse(text(since)));
  return covered === true ? `; spans ${span}, since an interruption` : `; the ${span} before it were not measured`;
}

function text(value: unknown): string {
  if (value === null || value === undefined) return 'no data';
  if (typeof value === 'number') return String(Math.round(value * 10_000) / 10_000);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
