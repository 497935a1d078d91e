import { ROUTER_QUERIES } from '../../verify/traffic-window.ts';
import { parseDuration } from '../duration.ts';
import { didYouMean } from '../nearest.ts';
import { type Finding, type Path, quote } from '../problem.ts';
import type { AnalysisValues, MetricValues } from '../schema/analysis.ts';

/** Sources that need no options, so that metrics may name them without a declaration. */
const UNDECLARED_SOURCES = ['command', 'http'];

/** What an analysis can be held against. */
export interface AnalysisPlace {
  /** Names of the environment's metric sources; undefined where those have faults of their own. */
  sources: readonly string[] | undefined;
  /** Whether there is a fresh copy of the old revision. */
  baseline: boolean;
}

/** Finds fault with what the schema of single keys can't say of an analysis. */
export function checkAnalysis(analysis: AnalysisValues, place: AnalysisPlace, path: Path, findings: Finding[]): void {
  const names = new Set<string>();
  for (const [index, metric] of analysis.metrics.entries()) {
    const at = [...path, 'metrics', index];
    if (names.has(metric.name)) {
      findings.push({ path: [...at, 'name'], message: `is the name of another metric too: ${quote(metric.name)}` });
    }
    names.add(metric.name);
    checkSource(metric, place.sources, at, findings);
    checkComparison(metric, place, at, findings);
    checkThresholds(metric, at, findings);
  }
  const { interval } = analysis;
  if (interval !== undefined && parseDuration(interval) === 0) {
    findings.push({ path: [...path, 'interval'], message: 'must be more than 0' });
  }
}

function checkSource(metric: MetricValues, sources: readonly string[] | undefined, path: Path, findings: Finding[]) {
  const { source, query } = metric;
  if (source === 'router') {
    if (ROUTER_QUERIES.includes(query)) return;
    const hint = didYouMean(query, ROUTER_QUERIES) ?? `one of ${ROUTER_QUERIES.join(', ')}`;
    findings.push({ path: [...path, 'query'], message: `the router can not be asked ${quote(query)}`, hint });
  } else if (sources && !sources.includes(source) && !UNDECLARED_SOURCES.includes(source)) {
    const hint =
      didYouMean(source, ['router', ...UNDECLARED_SOURCES, ...sources]) ??
      (sources.length > 0 ? `router, ${sources.join(', ')}` : `declare it: metricSources.${source}, or use router`);
    findings.push({ path: [...path, 'source'], message: `there is no metric source ${quote(source)}`, hint });
  }
}

function checkComparison(metric: MetricValues, place: AnalysisPlace, path: Path, findings: Finding[]): void {
  const { compareWith, maxIncrease, maxDecrease, judge } = metric;
  const key = (['judge', 'maxIncrease', 'maxDecrease'] as const).find((one) => metric[one] !== undefined);
  const limits = [metric.failAbove, metric.failBelow, metric.passAbove, metric.passBelow];
  if (compareWith !== undefined && key === undefined) {
    const hint = 'for example maxIncrease: 1.25, or judge: mann-whitney';
    findings.push({
      path: [...path, 'compareWith'],
      message: 'needs maxIncrease, maxDecrease or judge beside it',
      hint,
    });
  } else if (compareWith === undefined && key !== undefined) {
    findings.push({ path: [...path, key], message: 'needs compareWith beside it', hint: 'write compareWith: stable' });
  } else if (key === undefined && limits.every((limit) => limit === undefined)) {
    const hint = 'add failAbove, failBelow, passAbove, passBelow, or compareWith';
    findings.push({ path, message: 'says nothing of when it fails or passes', hint });
  }
  if (compareWith === 'baseline' && !place.baseline) {
    const hint = 'add baseline: true to the canary, or compare with stable';
    findings.push({ path: [...path, 'compareWith'], message: 'there is no baseline to compare with', hint });
  }
  if (judge !== undefined && (maxIncrease !== undefined || maxDecrease !== undefined)) {
    findings.push({
      path: [...path, 'judge'],
      message: `takes the place of ${maxIncrease === undefined ? 'maxDecrease' : 'maxIncrease'}`,
      hint: 'a judge has its own tolerance; keep one of the two',
    });
  }
}

/** No value may both fail and pass, and some value must be able to pass. */
function checkThresholds(metric: MetricValues, path: Path, findings: Finding[]): void {
  const { failAbove, failBelow, passAbove, passBelow } = metric;
  if (failAbove !== undefined && failBelow !== undefined && failBelow > failAbove) {
    findings.push({
      path: [...path, 'failBelow'],
      message: `every value is below ${failBelow} or above ${failAbove}, so all of them fail`,
      hint: 'failBelow must be less than failAbove',
    });
  }
  if (passAbove === undefined && passBelow === undefined) return;
  const [low, high] = [passAbove ?? Number.NEGATIVE_INFINITY, passBelow ?? Number.POSITIVE_INFINITY];
  if (low >= high) {
    findings.push({
      path: [...path, 'passAbove'],
      message: `no value is above ${low} and below ${high}, so none can pass`,
      hint: 'passAbove must be less than passBelow',
    });
  } else if (failAbove !== undefined && high > failAbove) {
    contradiction(path, passBelow === undefined ? 'passAbove' : 'passBelow', `values above ${failAbove}`, findings);
  } else if (failBelow !== undefined && low < failBelow) {
    contradiction(path, passAbove === undefined ? 'passBelow' : 'passAbove', `values below ${failBelow}`, findings);
  }
}

function contradiction(path: Path, key: string, values: string, findings: Finding[]): void {
  const hint = 'what passes must lie within what does not fail';
  findings.push({ path: [...path, key], message: `contradicts the condition to fail: ${values} would do both`, hint });
}
