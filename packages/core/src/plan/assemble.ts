import { Graph } from '../graph/graph.ts';
import { criticalPath, estimateMakespan } from '../graph/schedule.ts';
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
  const items = steps.map((step) => ({
    id: step.id,
    needs: step.after ? [...step.needs, ...step.after] : step.needs,
    durationMs: step.estimateMs,
    provider: step.provider,
    type: step.type,
  }));
  const plan: Omit<Plan, 'digest'> = {
    version: 1,
    ...frame,
    steps,
    waves: steps.reduce((highest, step) => Math.max(highest, step.wave), 0),
    criticalPath: steps.length > 0 ? criticalPath(items).path : [],
    estimateMs: steps.length > 0 ? Math.round(estimateMakespan(items, frame.limits)) : 0,
  };
  return { ...plan, digest: digestOfPlan(plan) };
}

function inOrder(drafts: readonly StepDraft[]): Step[] {
  const graph = new Graph<StepDraft>();
  for (const draft of drafts) graph.add(draft.id, draft);
  for (const draft of drafts) {
    for (const need of draft.needs) graph.addDependency(draft.id, need);
    for (const need of draft.after ?? []) graph.addDependency(draft.id, need);
  }
  const waves = graph.waves();
  return graph.topologicalOrder().map((id) => Object.assign({ ...graph.get(id)! }, { wave: waves.get(id)! }) as Step);
}
