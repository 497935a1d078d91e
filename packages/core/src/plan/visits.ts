import type { Address } from '../address.ts';
import type { Analysis, Project, StrategyDeclaration } from '../config/project.ts';
import type { Change } from './change.ts';
import type { Facts } from './facts.ts';
import type { PlanWarning } from './plan.ts';

/** With fewer requests, health checks included, nobody uses a service. */
const FEWEST = 20;

/** The analyses of a rollout that ask the router, so that they tell nothing without visitors. */
export function analysesOfRouter(strategy: StrategyDeclaration): Analysis[] {
  return analysesOf(strategy).filter(({ metrics }) => metrics.some(({ source }) => source === 'router'));
}

function analysesOf(strategy: StrategyDeclaration): Analysis[] {
  const all = () => {
    if (strategy.kind === 'rolling') return [strategy.analysis];
    if (strategy.kind === 'blue-green') return [strategy.after];
    return strategy.kind === 'canary' ? [strategy.analysis, ...strategy.steps.map(({ analysis }) => analysis)] : [];
  };
  return all().filter((analysis) => analysis !== undefined && analysis !== null);
}

/** Services whose rollout is judged by requests that hardly anybody sends. Pure. */
export function visitWarnings(
  { visits }: Facts,
  { services }: Project,
  changes: ReadonlyMap<Address, Change>,
): PlanWarning[] {
  return services.flatMap(({ address, spec }) => {
    const counted = visits?.get(address);
    const analyses = analysesOfRouter(spec.strategy);
    if (counted === undefined || analyses.length === 0 || changes.get(address)?.action !== 'update') return [];
    const needed = Math.max(...analyses.map(({ minimumSamples }) => minimumSamples));
    if (counted >= Math.max(FEWEST, needed)) return [];
    const requests = counted === 1 ? '1 request' : `${counted} requests`;
    const message = `${address}: since its router started it counted ${requests} in all, health checks included. An analysis that asks it is inconclusive without visitors${needed > 1 ? ` (minimumSamples: ${needed})` : ''}: ${whatThen(analyses)}.`;
    return [{ code: 'no-visitors', subject: address, message }];
  });
}

function whatThen(analyses: readonly Analysis[]): string {
  const kinds = analyses.map(({ onInconclusive }) =>
    onInconclusive.kind === 'extend' ? onInconclusive.else : onInconclusive.kind,
  );
  return kinds.includes('pause') ? 'then a person is asked' : 'then it fails';
}
