import { SlipwayError } from '../errors.ts';
import type { Plan, PlanKind } from '../plan/plan.ts';
import { hasSoundDigest } from '../plan/plan-digest.ts';
import { projectName } from './recorded-runtime.ts';
import type { Workspace } from './workspace.ts';

/**
 * A plan that was made earlier, to be applied as it is. Throws `plan-mismatch` for one that isn't what its
 * digest says or isn't for this, and `plan-stale`, naming what moved, when the state isn't that of then.
 */
export async function takeSavedPlan(
  workspace: Workspace,
  plan: Plan,
  environment: string,
  kind: PlanKind,
): Promise<Plan> {
  const project = await projectName(workspace, environment);
  if (!hasSoundDigest(plan)) throw mismatch(plan, 'was altered after it was made');
  if (plan.kind !== kind) throw mismatch(plan, `is for a ${plan.kind}, not for a ${kind}`);
  if (plan.project !== project || plan.environment !== environment) {
    throw mismatch(plan, `is for ${plan.project}/${plan.environment}, not for ${project}/${environment}`);
  }
  const moved = await workspace.store.changedSince(environment, plan.base.seq);
  if (moved.length === 0) return plan;
  const names = moved
    .slice(0, 10)
    .map(({ address, deployment }) => `${address}${deployment === null ? '' : ` (by ${deployment})`}`);
  throw new SlipwayError('plan-stale', `Since the plan was made, ${moved.length} changed: ${names.join(', ')}.`, {
    subject: plan.digest,
    hint: 'Plan again and look at it again: slipway plan --out FILE.',
    details: { moved },
  });
}

function mismatch(plan: Plan, why: string): SlipwayError {
  return new SlipwayError('plan-mismatch', `The plan ${why}.`, {
    subject: plan.digest,
    hint: 'Make a new one: slipway plan --out FILE.',
  });
}
