import type { Environment, Project } from '../config/project.ts';
import { SlipwayError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Selected } from '../plan/selection.ts';
import type { PlanOptions } from '../slipway-api.ts';

type Asked = Pick<PlanOptions, 'from' | 'ship' | 'changedSince'>;

/**
 * The environment whose releases are to be deployed: the one asked for, else the one that the config names, as far as
 * services are selected; undefined where source is released. Throws `usage` for what can't be asked together, and
 * `promotion-refused` for what the config doesn't let pass.
 */
export function environmentToPromote(
  { environment, services }: Project,
  asked: Asked,
  selected: Selected,
): string | undefined {
  const { name, promoteFrom } = environment;
  const { from } = asked;
  if (from === undefined) {
    if (promoteFrom === undefined || !services.some(({ address }) => selected(address))) return undefined;
    const flag = flagOfSource(asked);
    if (flag === undefined) return promoteFrom;
    throw refused(environment, promoteFrom, `so it can not be deployed with ${flag}`, `Leave ${flag} out`);
  }
  if (from === name) throw usage(`--from ${from} names the environment that is deployed to.`, from);
  const flag = flagOfSource(asked);
  if (flag !== undefined) throw usage(`--from takes releases as they are, so ${flag} has no place beside it.`, from);
  if (promoteFrom !== undefined && promoteFrom !== from) {
    throw refused(environment, promoteFrom, `not in ${from}`, `Deploy with --from ${promoteFrom}`);
  }
  return from;
}

/** Holds a plan that was saved earlier against what the config asks for by now. Throws `promotion-refused`. */
export function requirePromoted(environment: Environment, plan: Plan): void {
  const { promoteFrom } = environment;
  if (promoteFrom === undefined || plan.from?.environment === promoteFrom) return;
  if (!plan.steps.some(({ action }) => action === 'build' || action === 'stage')) return;
  throw refused(environment, promoteFrom, 'and this plan has others', `Plan again with --from ${promoteFrom}`);
}

/** What says something about source. */
function flagOfSource({ ship, changedSince }: Asked): string | undefined {
  if (ship !== undefined) return '--ship';
  return changedSince === undefined ? undefined : '--changed-since';
}

function usage(message: string, from: string): SlipwayError {
  const hint =
    'Name the environment whose releases are to be deployed, and nothing about source: --from ENV -e TARGET.';
  return new SlipwayError('usage', message, { subject: from, hint });
}

function refused({ name }: Environment, promoteFrom: string, why: string, way: string): SlipwayError {
  return new SlipwayError('promotion-refused', `${name} takes only releases that passed in ${promoteFrom}, ${why}.`, {
    subject: name,
    hint: `${way}; environments.${name}.promoteFrom says so.`,
  });
}
