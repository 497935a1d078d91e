import type { Address } from '../address.ts';
import type { Project } from '../config/project.ts';
import type { State } from '../state/record.ts';
import type { Change } from './change.ts';
import type { Facts } from './facts.ts';
import type { PlanWarning } from './plan.ts';

const MOST_NAMES = 10;

/**
 * What could not be looked at or is not selected, ports that somebody else has and what the router lacks, as far as the
 * plan's changes need them. Pure.
 */
export function factWarnings(
  facts: Facts,
  { services, environment }: Project,
  state: State,
  changes: ReadonlyMap<Address, Change>,
): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  if (facts.changedConfig !== undefined) {
    warnings.push({
      code: 'note',
      subject: facts.changedConfig,
      message:
        'The config changed too. What it alone changes is not selected by changed files: leave --changed-since out to have it.',
    });
  }
  if (facts.unseen !== undefined) {
    const names = services.flatMap(({ address }) => (changes.has(address) && state.has(address) ? [address] : []));
    warnings.push({
      code: 'not-looked-at',
      subject: environment.platform.use,
      message: `It could not be asked what runs (${facts.unseen}); taken to run as recorded: ${listed(names)}.`,
    });
  }
  for (const { router, why, services: names } of facts.unseenWeights ?? []) {
    warnings.push({
      code: 'not-looked-at',
      subject: router,
      message: `It could not be asked how it distributes traffic (${why}); taken to do so as recorded: ${listed(names)}.`,
    });
  }
  for (const { address, spec } of services) {
    const holder = facts.takenPorts.get(address);
    const action = changes.get(address)?.action;
    if (holder === undefined || action === undefined || action === 'none') continue;
    warnings.push({
      code: 'port-in-use',
      subject: address,
      message: `Port ${spec.port} is taken by ${holder ?? 'another process'}; while it is, a deployment is refused.`,
    });
  }
  warnings.push(...routerWarnings(facts, environment.name, [...changes.values()]));
  return warnings;
}

function listed(names: readonly Address[]): string {
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return `${names.slice(0, MOST_NAMES).join(', ')}${more}`;
}

function routerWarnings(
  { routerProblems = [] }: Facts,
  environment: string,
  changes: readonly Change[],
): PlanWarning[] {
  const changing = changes.filter(({ action }) => action !== 'none');
  if (!changing.some(({ address }) => address.startsWith('service:'))) return [];
  // A resource may be what the router lacks.
  const isRefused = !changing.some(({ address }) => address.startsWith('resource:'));
  return routerProblems.map(({ subject, message, hint }) => ({
    code: 'router-unusable',
    subject: subject ?? `environments.${environment}.router`,
    message: [message, hint, isRefused ? 'Until then a deployment is refused.' : ''].filter(Boolean).join(' '),
  }));
}
