import { Graph } from '../graph/graph.ts';
import { indexNeeds } from '../graph/needs-index.ts';
import { criticalPath, estimateMakespan, scheduleItem } from '../graph/schedule.ts';
import type { Plan } from './plan.ts';
import { digestOfPlan } from './plan-digest.ts';
import type { Step } from './step.ts';
import type { StepDraft } from './step-drafts.ts';

/** Everything of a plan that doesn't follow from its steps. */
export type PlanFrame = Omit<Plan, 'version' | 'digest' | 'steps' | 'waves' | 'criticalPath' | 'estimateMs'>;

/**
 * Puts the steps in order and adds what follows from them: waves, critical path, estimate, digest. Linear in
 * steps plus needs, but for the estimate's heap. Throws `cycle`, naming the path, if the steps need each other.
 */
export function assemblePlan(frame: PlanFrame, drafts: readonly StepDraft[]): Plan {
  const steps = inOrder(drafts);
  const items = steps.map(scheduleItem);
  const index = indexNeeds(items);
  const plan: Omit<Plan, 'digest'> = {
    version: 1,
    ...frame,
    steps,
    waves: steps.at(-1)?.wave ?? 0,
    criticalPath: criticalPath(items, index).path,
    estimateMs: Math.round(estimateMakespan(items, frame.limits, index)),
  };
  return { ...plan, digest: digestOfPlan(plan) };
}

/** Wave by wave, and within one as they were drafted. */
function inOrder(drafts: readonly StepDraft[]): Step[] {
  const graph = new Graph<StepDraft>();
  for (const draft of drafts) graph.add(draft.id, draft);
  for (const draft of drafts) {
    for (const need of draft.needs) graph.addDependency(draft.id, need);
    for (const need of draft.after ?? []) graph.addDependency(draft.id, need);
  }
  const waves = graph.waves();
  const steps = drafts.map((draft): Step => ({ ...draft, wave: waves.get(draft.id)! }));
  return steps.sort((a, b) => a.wave - b.wave);
}
