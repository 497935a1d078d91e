import type { ServiceDeclaration } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { Platform } from '../provider/contract.ts';
import { blueGreen } from './blue-green.ts';
import { canary } from './canary.ts';
import { recreate } from './recreate.ts';
import { rolling } from './rolling.ts';
import type { Strategy } from './rollout.ts';

const STRATEGIES: Record<ServiceDeclaration['spec']['strategy']['kind'], Strategy> = {
  recreate,
  'blue-green': blueGreen,
  rolling,
  canary,
};

/** The strategy a service asks for, or `capability-missing` when the platform can't do it. */
export function strategyFor(service: ServiceDeclaration, platform: Platform): Strategy {
  const { kind } = service.spec.strategy;
  const strategy = STRATEGIES[kind];
  if (platform.capabilities.strategies.includes(kind)) return strategy;
  const possible = platform.capabilities.strategies;
  throw new SlipwayError('capability-missing', `Platform ${platform.name} can't roll out with the strategy ${kind}.`, {
    subject: service.address,
    hint: `Set services.${service.name}.strategy (for this environment alone: environments.NAME.services.${service.name}.strategy) to ${possible.join(' or ')}.`,
  });
}
