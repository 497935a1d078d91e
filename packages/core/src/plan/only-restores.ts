import type { Plan } from './plan.ts';
import type { StepAction } from './step.ts';

const RESTORING: readonly StepAction[] = ['build', 'stage', 'probe', 'switch', 'verify'];

/** True for a plan that only makes run again what is recorded: it changes nothing that one could go back from. */
export function onlyRestores({ steps }: Pick<Plan, 'steps'>): boolean {
  const switches = steps.filter((step) => step.action === 'switch');
  return (
    switches.length > 0 &&
    steps.every(({ action }) => RESTORING.includes(action)) &&
    // A rollout gives revisions new roles; bringing one back gives none.
    switches.every(({ input }) => Object.keys(input.roles).length === 0)
  );
}
