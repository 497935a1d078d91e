import type { StepDrafts } from '../plan/step-drafts.ts';
import { type EmittedRollout, type Rollout, RolloutSteps } from './rollout.ts';

/** How long requests in flight may take before the old revision is stopped, in ms. */
const DRAIN_MS = 10_000;

/**
 * Stops the old revision before the new one starts: for what can't run twice at once. There is no traffic in
 * between; the migration runs while nothing else does.
 */
export function recreate(rollout: Rollout, drafts: StepDrafts): EmittedRollout {
  const { desired, active, others } = rollout;
  const steps = new RolloutSteps(rollout, drafts);
  let before: readonly string[] = rollout.build ? [...rollout.needs, rollout.build] : rollout.needs;
  if (active && active.id !== desired.id) {
    const closed = steps.switch('close', {}, { [active.id]: 'standby' }, before);
    before = steps.retire(active, steps.drain(active.id, DRAIN_MS, closed));
  }
  // What a broken run left may run as well.
  before = others
    .filter((revision) => revision.id !== desired.id)
    .reduce((needs, revision) => steps.retire(revision, needs), before);
  const checked = steps.check(steps.stage(steps.migrate(before)));
  const verified = steps.verify(steps.switch('switch', { [desired.id]: 100 }, { [desired.id]: 'active' }, checked));
  return { ready: verified, retire: () => {} };
}
