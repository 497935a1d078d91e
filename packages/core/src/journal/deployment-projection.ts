import type { Plan } from '../plan/plan.ts';
import type { NewEvent } from './event.ts';
import type { DeploymentHeader } from './store.ts';

/** What a deployment's header takes from its plan. */
export type PlanSummary = Pick<DeploymentHeader, 'project' | 'counts'>;

/** A header without the number of the newest event, which every event of the deployment moves. */
export type HeaderBody = Omit<DeploymentHeader, 'lastSeq'>;

export function summarizePlan(plan: Pick<Plan, 'project' | 'changes'>): PlanSummary {
  const counts = { create: 0, update: 0, replace: 0, delete: 0, none: 0 };
  for (const change of plan.changes) counts[change.action] += 1;
  return { project: plan.project, counts };
}

/** Whether the event says something about the deployment as a whole. */
export function concernsHeader(event: Pick<NewEvent, 'type'>): boolean {
  return event.type.startsWith('deployment.');
}

/**
 * The header after the event: `deployment.started` makes it, as `pending`; `deployment.status` and
 * `deployment.ended` set the status; `deployment.resumed` opens it again. Events of a deployment that
 * never started leave it undefined.
 */
export function projectHeader(
  header: HeaderBody | undefined,
  event: NewEvent,
  environment: string,
  planSummary: (digest: string) => PlanSummary,
): HeaderBody | undefined {
  if (event.type === 'deployment.started' && event.deployment !== null) {
    const { kind, plan, ship, snapshot, rollbackOf } = event.data;
    const { project, counts } = planSummary(plan);
    return {
      id: event.deployment,
      environment,
      kind,
      status: 'pending',
      project,
      ship,
      plan,
      snapshot,
      startedAt: event.at,
      endedAt: null,
      durationMs: null,
      counts,
      rollbackOf: rollbackOf ?? null,
      error: null,
    };
  }
  if (header === undefined) return undefined;
  switch (event.type) {
    case 'deployment.status':
      return { ...header, status: event.data.status };
    case 'deployment.resumed':
      return { ...header, status: 'in_progress', endedAt: null, durationMs: null, error: null };
    case 'deployment.ended': {
      const { status, durationMs, error } = event.data;
      const shown = error === undefined ? null : { code: error.code, message: error.message };
      return { ...header, status, endedAt: event.at, durationMs, error: shown };
    }
    default:
      return header;
  }
}
