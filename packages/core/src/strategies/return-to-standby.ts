import { type RevisionRecord, slotsOf } from '../state/record.ts';
import { endWith } from './promotion.ts';
import type { EmittedRollout, Rollout } from './rollout.ts';
import type { RolloutSteps } from './rollout-steps.ts';

/** What becomes of the revision that is left. */
interface Left {
  active: RevisionRecord;
  drainMs: number;
  keepOld: boolean | { forMs: number };
}

/** Whether the wanted revision is kept from when it had all of the traffic, and was not left for an older one. */
export function isOnStandby({ desired, others }: Rollout): boolean {
  return others.some(({ id, role, unproven }) => id === desired.id && role === 'standby' && !unproven);
}

/**
 * Goes back to a revision that served before: all its instances run and answer, then it gets everything in one switch.
 * No weights, holds, pauses, tests or analyses in between. Its migrations ran when it was new, so they are not run again:
 * many tools refuse to run an older release's against a newer schema, and that must not stand in the way back. Nor is it
 * published again: it runs as what it was published, though what its image's name means may be another thing by now.
 */
export function returnToStandby(rollout: Rollout, steps: RolloutSteps, left: Left): EmittedRollout {
  const { desired, others, traffic } = rollout;
  const { active, drainMs, keepOld } = left;
  const kept = others.find(({ id }) => id === desired.id);
  // As in a rollback: of what has all its instances one good answer is enough.
  const isWhole = slotsOf(kept ?? {}).length === rollout.instances;
  const health = isWhole ? { ...desired.spec.health, healthyAfter: 1 } : desired.spec.health;
  const checked = steps.probe('probe', desired.id, steps.stage(steps.built()), undefined, health);
  const roles = { [desired.id]: 'active', [active.id]: 'standby' } as const;
  const moved = steps.switch('switch', { weights: { [desired.id]: 100 }, roles, leaves: active.id }, checked);
  const verified = steps.verify(moved);
  const also = others.filter(({ id }) => id !== desired.id && (traffic?.weights[id] ?? 0) > 0);
  const drained = also.flatMap(({ id }) => steps.drain(`drain-${id}`, id, drainMs, verified));
  const emitted = endWith(rollout, steps, {
    active,
    drainMs,
    keepOld,
    checked,
    moves: [{ begins: moved[0]!, ends: verified }],
    ready: [...verified, ...drained],
  });
  return { ...emitted, note: `${desired.id} served before and is kept: back to it without steps in between.` };
}
