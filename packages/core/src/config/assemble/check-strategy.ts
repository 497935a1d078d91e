import type { Finding, Path } from '../problem.ts';
import type { Amount, RollingStrategy } from '../project.ts';
import type { BlueGreenValues, CanaryValues, RollingValues } from '../schema/strategy.ts';
import { rangeOf, SHORT_FORM } from './canary-steps.ts';
import { checkAnalysis } from './check-analysis.ts';

type Sources = readonly string[] | undefined;

/** A canary's weights grow, its steps say something, and what they compare with is there. */
export function checkCanary(canary: CanaryValues, sources: Sources, path: Path, findings: Finding[]): void {
  const place = { sources, baseline: String(canary.baseline) === 'true' };
  if (canary.analysis) checkAnalysis(canary.analysis, place, [...path, 'analysis'], findings);
  checkForms(canary, path, findings);
  let before = -1;
  let isShown = false;
  for (const [index, step] of (canary.steps ?? []).entries()) {
    const at = [...path, 'steps', index];
    isShown ||= step.header !== undefined || step.cookie !== undefined || Number(step.weight ?? 0) > 0;
    if (!isShown) checkUnseen(canary, step, at, path, findings);
    if (step.weight !== undefined) {
      const weight = Number(step.weight);
      if (weight <= before) {
        findings.push({ path: [...at, 'weight'], message: `must be more than ${before}, the weight before` });
      }
      before = Math.max(before, weight);
    }
    if (step.analysis) checkAnalysis(step.analysis, place, [...at, 'analysis'], findings);
    if (place.baseline && before >= 50) checkStable(canary, step, at, path, findings);
    const { analysis: _, pause, ...rest } = step;
    const says = Object.values(rest).some((value) => value !== undefined) || step.analysis || String(pause) === 'true';
    if (!says) {
      const hint = 'add weight, hold, pause, analysis, scale, header or cookie';
      findings.push({ path: at, message: 'says nothing to do', hint });
    }
    const scale = step.scale === undefined ? undefined : String(step.scale);
    if (scale !== undefined && Number.parseInt(scale, 10) === 0 && before > 0) {
      const hint = 'leave it out, or give at least 1';
      findings.push({ path: [...at, 'scale'], message: 'leaves no instance for the traffic of this step', hint });
    }
  }
}

/** What a step measures where it measures, and where that is written: at the step itself, or for all of them. */
function metricsOf(canary: CanaryValues, step: NonNullable<CanaryValues['steps']>[number], at: Path, path: Path) {
  const analysis = step.analysis || canary.analysis;
  return { metrics: analysis?.metrics ?? [], path: [...(step.analysis ? at : path), 'analysis'] };
}

/** Nobody is sent to the new revision yet, so the router can't tell how it does. */
function checkUnseen(
  canary: CanaryValues,
  step: NonNullable<CanaryValues['steps']>[number],
  at: Path,
  path: Path,
  findings: Finding[],
): void {
  if (!step.analysis && (step.analysis === false || step.hold === undefined)) return;
  const measured = metricsOf(canary, step, at, path);
  for (const [index, metric] of measured.metrics.entries()) {
    if (metric.source !== 'router') continue;
    findings.push({
      path: [...measured.path, 'metrics', index, 'source'],
      message: `the router knows nothing of a revision without traffic, which it is at steps[${at.at(-1)}]`,
      hint: 'give that step a weight, a header or a cookie, or analysis: false',
    });
  }
}

/** Canary and baseline together leave nothing for the old revision from half of the traffic on. */
function checkStable(
  canary: CanaryValues,
  step: NonNullable<CanaryValues['steps']>[number],
  at: Path,
  path: Path,
  findings: Finding[],
): void {
  if (step.analysis === false) return;
  const measured = metricsOf(canary, step, at, path);
  for (const [index, metric] of measured.metrics.entries()) {
    if (metric.compareWith !== 'stable') continue;
    findings.push({
      path: [...measured.path, 'metrics', index, 'compareWith'],
      message: 'from 50 % on, the old revision has no traffic beside canary and baseline',
      hint: 'compare with baseline, or keep the weights below 50',
    });
  }
}

function checkForms(canary: CanaryValues, path: Path, findings: Finding[]): void {
  const short = SHORT_FORM.find((key) => canary[key] !== undefined);
  if (canary.steps === undefined && short === undefined) {
    const hint = 'write steps: [{weight: 10, hold: 1m}, …], or the short form: {step: 10, interval: 1m}';
    findings.push({ path, message: 'needs steps', hint });
  } else if (canary.steps !== undefined && short !== undefined) {
    findings.push({
      path: [...path, short],
      message: 'belongs to the short form, and there are steps',
      hint: 'keep one of the two',
    });
  }
  const { first, highest } = rangeOf(canary);
  if (canary.steps === undefined && short !== undefined && first > highest) {
    const key = (['maxWeight', 'initialWeight', 'step'] as const).find((one) => canary[one] !== undefined)!;
    const message = `leaves no step: they begin with ${first} % and end at ${highest} %, so that all would move at once`;
    findings.push({ path: [...path, key], message, hint: 'raise maxWeight, or begin lower with initialWeight' });
  }
}

/** A blue-green switch compares with the old revision alone, and only while that has traffic. */
export function checkBlueGreen(values: BlueGreenValues, sources: Sources, path: Path, findings: Finding[]): void {
  const place = { sources, baseline: false };
  for (const key of ['before', 'after'] as const) {
    const analysis = values[key];
    if (analysis) checkAnalysis(analysis, place, [...path, key], findings);
  }
  for (const [index, metric] of (values.gradual ? [] : (values.after?.metrics ?? [])).entries()) {
    if (metric.compareWith === undefined) continue;
    findings.push({
      path: [...path, 'after', 'metrics', index, 'compareWith'],
      message: 'the old revision has no traffic after the switch, so there is nothing to compare with',
      hint: 'use failAbove or failBelow, or move the traffic in steps (gradual)',
    });
  }
  for (const [index, metric] of (values.before?.metrics ?? []).entries()) {
    if (metric.source !== 'router') continue;
    findings.push({
      path: [...path, 'before', 'metrics', index, 'source'],
      message: 'the router knows nothing of a revision without traffic',
      hint: 'measure it after the switch (after), or ask another metric source',
    });
  }
}

/** A rolling update that may neither add nor miss an instance never moves. */
export function checkRolling(
  values: RollingValues,
  strategy: RollingStrategy,
  sources: Sources,
  path: Path,
  findings: Finding[],
): void {
  if (values.analysis) {
    checkAnalysis(values.analysis, { sources, baseline: false }, [...path, 'analysis'], findings);
  }
  if (isNone(strategy.batch)) findings.push({ path: [...path, 'batch'], message: 'must be at least 1, or a share' });
  else if (isNone(strategy.maxSurge) && isNone(strategy.maxUnavailable)) {
    findings.push({
      path: [...path, values.maxSurge === undefined ? 'batch' : 'maxSurge'],
      message: 'with 0 for both maxSurge and maxUnavailable nothing can move',
      hint: 'allow one above the wanted number (maxSurge: 1), or one missing (maxUnavailable: 1)',
    });
  }
}

function isNone(amount: Amount): boolean {
  return ('count' in amount ? amount.count : amount.percent) === 0;
}
