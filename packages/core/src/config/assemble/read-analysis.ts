import { parseDuration } from '../duration.ts';
import type { Analysis, InconclusivePolicy, Metric, StatisticalJudge, Threshold } from '../project.ts';
import type { AnalysisValues, MetricValues } from '../schema/analysis.ts';
import { given } from './given.ts';
import { isTrue } from './scope.ts';

/** An analysis as the verdict takes it, every default filled in. */
export function readAnalysis(values: AnalysisValues): Analysis {
  return {
    metrics: values.metrics.map(readMetric),
    ...given({ intervalMs: ms(values.interval) }),
    initialDelayMs: parseDuration(values.initialDelay)!,
    durationMs: parseDuration(values.duration)!,
    minimumSamples: Number(values.minimumSamples),
    minimumMeasurements: Number(values.minimumMeasurements),
    passScore: Number(values.passScore),
    onInconclusive: readPolicy(values.onInconclusive),
  };
}

function readMetric(values: MetricValues): Metric {
  const { name, source, query, compareWith, maxIncrease, maxDecrease, failureLimit } = values;
  return {
    name,
    source,
    query,
    ...given({
      fail: readThreshold(values.failAbove, values.failBelow),
      pass: readThreshold(values.passAbove, values.passBelow),
      compareWith,
      maxIncrease,
      maxDecrease,
      judge: readJudge(values.judge),
      failureLimit: failureLimit === undefined ? undefined : Number(failureLimit),
      windowMs: ms(values.window),
    }),
    consecutiveFailures: Number(values.consecutiveFailures),
    consecutiveErrors: Number(values.consecutiveErrors),
    weight: Number(values.weight),
    critical: isTrue(values.critical),
  };
}

function readThreshold(above: number | undefined, below: number | undefined): Threshold | undefined {
  return above === undefined && below === undefined ? undefined : given({ above, below });
}

function readJudge(values: MetricValues['judge']): StatisticalJudge | undefined {
  if (values === undefined) return undefined;
  const byDefault = { direction: 'increase', confidence: 0.95, tolerance: 0.1, minimumMeasurements: 5 } as const;
  if (typeof values === 'string') return byDefault;
  return {
    direction: values.direction,
    confidence: Number(values.confidence),
    tolerance: Number(values.tolerance),
    minimumMeasurements: Number(values.minimumMeasurements),
  };
}

function readPolicy(values: AnalysisValues['onInconclusive']): InconclusivePolicy {
  if (typeof values === 'string') return { kind: values };
  return { kind: 'extend', times: Number(values.extend), else: values.else };
}

function ms(written: string | undefined): number | undefined {
  return written === undefined ? undefined : parseDuration(written);
}
