import type { Plan, Step } from '@slipway/core';
import { formatDuration } from './duration.ts';
import { count } from './text.ts';

type Switch = Extract<Step, { action: 'switch' }>;
type Route = NonNullable<Switch['input']['routes']>[number];

/** The revisions that a plan brings out or back, which is how a person tells what moves from what stays. */
export function freshRevisions({ kind, steps }: Plan): ReadonlySet<string> {
  const back = (step: Step) => (kind === 'rollback' && step.action === 'switch' ? Object.keys(step.input.weights) : []);
  return new Set(steps.flatMap((step) => (step.action === 'stage' ? [step.input.revision.id] : back(step))));
}

/** What a step of a rollout does, where its name alone doesn't say: `10 % to web-1a2b3c, 90 % stays`. Else undefined. */
export function describeWork(step: Step, fresh: ReadonlySet<string>): string | undefined {
  switch (step.action) {
    case 'switch':
      return describeSwitch(step, fresh);
    case 'stage': {
      const instances = step.input.slots?.length ?? 1;
      return instances > 1 ? count(instances, 'instance') : undefined;
    }
    case 'scale': {
      const instances = count(step.input.slots.length, 'instance');
      return fresh.has(step.input.revision) ? instances : `${instances} of ${step.input.revision}`;
    }
    case 'hold':
      return step.input.why;
    case 'pause':
      return `until ${step.input.why}`;
    case 'analyse':
      return `${formatDuration(step.input.durationMs)}: ${metricsOf(step)}`;
    case 'watch':
      return `until ${(step.until ?? []).map((id) => id.slice(id.indexOf('/') + 1)).join(', ')}: ${metricsOf(step)}`;
    default:
      return undefined;
  }
}

function describeSwitch({ id, input }: Switch, fresh: ReadonlySet<string>): string {
  const weights = Object.entries(input.weights);
  if (weights.length === 0) return 'nobody is let in';
  // What a broken rollout had goes back first.
  if (id.endsWith('/take-back')) return `all back to ${weights.map(([revision]) => revision).join(', ')}`;
  const moves = weights.filter(([id]) => fresh.has(id)).map(([id, weight]) => `${weight} % to ${id}`);
  const stays = weights.filter(([id]) => !fresh.has(id));
  const kept = stays.reduce((sum, [, weight]) => sum + weight, 0);
  const rest = kept === 100 ? 'all stays' : `${kept} % stays`;
  return [...moves, ...(kept > 0 ? [rest] : []), ...(input.routes ?? []).map(describeRoute)].join(', ');
}

function describeRoute(route: Route): string {
  if ('port' in route) return `port ${route.port} shows ${route.revision}`;
  const [kind, name] = 'header' in route ? ['header', route.header] : ['cookie', route.cookie];
  return `${kind} ${name}=${route.value} to ${route.revision}`;
}

function metricsOf({ input }: Extract<Step, { action: 'analyse' | 'watch' }>): string {
  return input.analysis.metrics.map(({ name }) => name).join(', ');
}
