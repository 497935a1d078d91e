import { firstRollout } from './promotion.ts';
import type { Strategy } from './rollout.ts';
import { RolloutSteps } from './rollout-steps.ts';

/** How long requests in flight may take before the old revision is stopped, in ms. */
const DRAIN_MS = 10_000;

/**
 * Stops the old revision before the new one starts: for what can't run twice at once. There is no traffic in
 * between; the migration runs while nothing else does.
 */
export const recreate: Strategy = (rollout, drafts) => {
  const { desired, active, others } = rollout;
  const steps = new RolloutSteps(rollout, drafts);
  let before = steps.begin();
  if (active && active.id !== desired.id) {
    const closed = steps.switch('close', { weights: {}, roles: { [active.id]: 'standby' } }, before);
    before = steps.retire(active, steps.drain('drain', active.id, DRAIN_MS, closed));
  }
  // What a broken run left may run as well.
  for (const revision of others) if (revision.id !== desired.id) before = steps.retire(revision, before);
  return firstRollout({ ...rollout, others: [] }, steps, before);
};
