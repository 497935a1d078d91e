import type { ExecutionResult } from '../execute/execution.ts';
import type { Plan } from '../plan/plan.ts';

/** Whether a run that ended like this is taken back without anybody saying so. */
export function goesBackByItself(
  { kind, onFailure }: Pick<Plan, 'kind' | 'onFailure'>,
  { status }: Pick<ExecutionResult, 'status'>,
): boolean {
  return onFailure === 'rollback' && kind !== 'rollback' && (status === 'failed' || status === 'timed_out');
}
