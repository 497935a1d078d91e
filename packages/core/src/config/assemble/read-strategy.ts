import { parseDuration } from '../duration.ts';
import type { Finding, Path } from '../problem.ts';
import type { Amount, BlueGreenStrategy, CanaryStrategy, RollingStrategy, StrategyDeclaration } from '../project.ts';
import {
  type BlueGreenValues,
  type CanaryValues,
  type RollingValues,
  STRATEGIES,
  type StrategyInput,
  type StrategyKind,
} from '../schema/strategy.ts';
import { canarySteps, readAmount } from './canary-steps.ts';
import { checkBlueGreen, checkCanary, checkRolling } from './check-strategy.ts';
import { given } from './given.ts';
import { readAnalysis } from './read-analysis.ts';
import { isTrue } from './scope.ts';

const KINDS = Object.keys(STRATEGIES) as StrategyKind[];
const ONE: Amount = { count: 1 };
const ALL: Amount = { percent: 100 };

/**
 * The strategy with its defaults; faults beyond its shape are added. `sources`: names of the environment's metric
 * sources, undefined where they aren't known. Undefined when it names no strategy, or several.
 */
export function readStrategy(
  input: StrategyInput,
  sources: readonly string[] | undefined,
  path: Path,
  findings: Finding[],
): StrategyDeclaration | undefined {
  const options = typeof input === 'string' ? { [input]: {} } : input;
  const kinds = KINDS.filter((kind) => options[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    findings.push({ path, message: `must name exactly one strategy`, hint: `one of ${KINDS.join(', ')}` });
    return undefined;
  }
  const at = typeof input === 'string' ? path : [...path, kind];
  if (kind === 'recreate') return { kind };
  if (kind === 'blue-green') {
    const values = STRATEGIES[kind].parse(options[kind]);
    checkBlueGreen(values, sources, at, findings);
    return readBlueGreen(values);
  }
  if (kind === 'rolling') {
    const values = STRATEGIES[kind].parse(options[kind]);
    const strategy = readRolling(values);
    checkRolling(values, strategy, sources, at, findings);
    return strategy;
  }
  const values = STRATEGIES[kind].parse(options[kind]);
  checkCanary(values, sources, at, findings);
  return readCanary(values);
}

function readBlueGreen(values: BlueGreenValues): BlueGreenStrategy {
  const { before, after, gradual, previewPort } = values;
  return {
    kind: 'blue-green',
    drainMs: parseDuration(values.drain)!,
    keepOld: readKeepOld(values.keepOld),
    ...given({
      previewPort: previewPort === undefined ? undefined : Number(previewPort),
      before: before && readAnalysis(before),
      after: after && readAnalysis(after),
      gradual: gradual && { step: Number(gradual.step), holdMs: parseDuration(gradual.hold)! },
    }),
    validationMs: parseDuration(values.validation)!,
    switch: values.switch,
    bakeMs: parseDuration(values.bake)!,
  };
}

function readRolling(values: RollingValues): RollingStrategy {
  const maxUnavailable = readAmount(values.maxUnavailable);
  const batch = values.batch === undefined ? undefined : readAmount(values.batch);
  const maxSurge = values.maxSurge === undefined ? (batch ?? ONE) : readAmount(values.maxSurge);
  // Who says what may be above or missing, and no more, means that nothing else slows it down.
  const isBounded = values.maxSurge !== undefined || isSome(maxUnavailable);
  return {
    kind: 'rolling',
    batch: batch ?? (isBounded ? ALL : ONE),
    maxSurge,
    maxUnavailable,
    minimumHealthyMs: parseDuration(values.minimumHealthy)!,
    pauseMs: parseDuration(values.pause)!,
    drainMs: parseDuration(values.drain)!,
    ...given({ analysis: values.analysis && readAnalysis(values.analysis) }),
    bakeMs: parseDuration(values.bake)!,
  };
}

function readCanary(values: CanaryValues): CanaryStrategy {
  return {
    kind: 'canary',
    steps: canarySteps(values),
    ...given({ analysis: values.analysis && readAnalysis(values.analysis) }),
    background: isTrue(values.background),
    baseline: isTrue(values.baseline),
    bakeMs: parseDuration(values.bake)!,
    drainMs: parseDuration(values.drain)!,
    keepOld: readKeepOld(values.keepOld),
  };
}

function readKeepOld(values: boolean | string): boolean | { forMs: number } {
  const forMs = parseDuration(String(values));
  return forMs === undefined ? isTrue(values) : { forMs };
}

function isSome(amount: Amount): boolean {
  return ('count' in amount ? amount.count : amount.percent) > 0;
}
