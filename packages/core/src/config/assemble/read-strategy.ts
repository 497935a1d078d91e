import type { JsonObject } from '../../json.ts';
import { parseDuration } from '../duration.ts';
import type { Finding, Path } from '../problem.ts';
import type { StrategyDeclaration } from '../project.ts';
import { STRATEGIES, type StrategyInput, type StrategyKind } from '../schema/strategy.ts';
import { isTrue } from './scope.ts';

const KINDS = Object.keys(STRATEGIES) as StrategyKind[];

/** The strategy with its defaults; undefined when it has faults beyond its shape, which are added. */
export function readStrategy(input: StrategyInput, path: Path, findings: Finding[]): StrategyDeclaration | undefined {
  const options = typeof input === 'string' ? { [input]: {} } : input;
  const kinds = KINDS.filter((kind) => options[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    findings.push({ path, message: `must name exactly one strategy`, hint: `one of ${KINDS.join(', ')}` });
    return undefined;
  }
  if (kind === 'recreate') return { kind };
  if (kind === 'blue-green') {
    const { drain, keepOld } = STRATEGIES['blue-green'].parse(options['blue-green']);
    return { kind, drainMs: parseDuration(drain)!, keepOld: isTrue(keepOld) };
  }
  if (kind === 'canary' && options.canary) checkCanary(options.canary, [...path, 'canary'], findings);
  return { kind, options: options[kind] as JsonObject };
}

function checkCanary(canary: NonNullable<Exclude<StrategyInput, string>['canary']>, path: Path, findings: Finding[]) {
  let before = -1;
  for (const [index, step] of canary.steps.entries()) {
    const weight = Number(step.weight);
    if (weight <= before) {
      findings.push({
        path: [...path, 'steps', index, 'weight'],
        message: `must be more than ${before}, the weight before`,
      });
    }
    before = weight;
  }
  for (const [index, metric] of (canary.analysis?.metrics ?? []).entries()) {
    const place = [...path, 'analysis', 'metrics', index];
    const compares = metric.maxIncrease !== undefined || metric.maxDecrease !== undefined;
    const judges = [metric.failAbove, metric.failBelow, metric.passAbove, metric.passBelow];
    if (metric.compareWith !== undefined && !compares) {
      findings.push({ path: [...place, 'compareWith'], message: 'needs maxIncrease or maxDecrease beside it' });
    } else if (metric.compareWith === undefined && compares) {
      const key = metric.maxIncrease === undefined ? 'maxDecrease' : 'maxIncrease';
      findings.push({
        path: [...place, key],
        message: 'needs compareWith beside it',
        hint: 'write compareWith: stable',
      });
    } else if (!compares && judges.every((limit) => limit === undefined)) {
      const hint = 'add failAbove, failBelow, passAbove, passBelow, or compareWith';
      findings.push({ path: place, message: 'says nothing of when it fails or passes', hint });
    }
  }
}
