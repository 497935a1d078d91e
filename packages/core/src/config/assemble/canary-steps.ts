import { parseDuration } from '../duration.ts';
import type { Amount, CanaryStep } from '../project.ts';
import type { CanaryValues } from '../schema/strategy.ts';
import { given } from './given.ts';
import { readAnalysis } from './read-analysis.ts';
import { isTrue } from './scope.ts';

/** The keys of the short form. */
export const SHORT_FORM = ['initialWeight', 'step', 'interval', 'maxSteps', 'maxWeight'] as const;
const MOST_STEPS = 99;
const STEP = 10;
const INTERVAL_MS = 60_000;
const MAX_WEIGHT = 50;

/** The steps as written, or the short form written out. */
export function canarySteps(values: CanaryValues): CanaryStep[] {
  return values.steps ? values.steps.map(readStep) : writtenOut(values);
}

/** `2` or `"25%"`. */
export function readAmount(written: number | string): Amount {
  const text = String(written);
  return text.endsWith('%') ? { percent: Number.parseInt(text, 10) } : { count: Number(text) };
}

function readStep(values: NonNullable<CanaryValues['steps']>[number]): CanaryStep {
  const { weight, hold, analysis, scale, header, cookie } = values;
  return {
    ...given({
      weight: weight === undefined ? undefined : Number(weight),
      holdMs: hold === undefined ? undefined : parseDuration(hold),
      scale: scale === undefined ? undefined : readAmount(scale),
      header,
      cookie,
    }),
    pause: isTrue(values.pause),
    ...(analysis === undefined ? {} : { analysis: analysis === false ? null : readAnalysis(analysis) }),
  };
}

/** The weights that the short form begins and ends with, at most. */
export function rangeOf({ initialWeight, step, maxSteps, maxWeight }: CanaryValues): {
  first: number;
  highest: number;
} {
  return {
    first: Number(initialWeight ?? step ?? STEP),
    highest: Number(maxWeight ?? (maxSteps === undefined ? MAX_WEIGHT : 99)),
  };
}

function writtenOut(values: CanaryValues): CanaryStep[] {
  const by = Number(values.step ?? STEP);
  const most = Number(values.maxSteps ?? MOST_STEPS);
  const { first, highest } = rangeOf(values);
  const holdMs = values.interval === undefined ? INTERVAL_MS : parseDuration(values.interval)!;
  const steps: CanaryStep[] = [];
  for (let weight = first; weight <= highest && steps.length < most; weight += by) {
    steps.push({ weight, holdMs, pause: false });
  }
  return steps;
}
