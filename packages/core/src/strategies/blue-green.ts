import type { StepDrafts } from '../plan/step-drafts.ts';
import type { RevisionRecord } from '../state/record.ts';
import { type EmittedRollout, type Rollout, RolloutSteps } from './rollout.ts';

/**
 * Stages the new revision beside the old one, probes and tests it without traffic, moves all traffic at
 * once, verifies from outside, drains the old one and keeps it for an instant way back (or retires it).
 */
export function blueGreen(rollout: Rollout, drafts: StepDrafts): EmittedRollout {
  const { desired, active, others } = rollout;
  const { strategy } = desired.spec;
  const { drainMs, keepOld } = strategy.kind === 'blue-green' ? strategy : { drainMs: 30_000, keepOld: true };
  const steps = new RolloutSteps(rollout, drafts);
  const before = rollout.build ? [...rollout.needs, rollout.build] : rollout.needs;
  const checked = steps.check(steps.stage(steps.migrate(before)));
  const roles: Record<string, RevisionRecord['role']> = { [desired.id]: 'active' };
  if (active && active.id !== desired.id) roles[active.id] = 'standby';
  const verified = steps.verify(steps.switch('switch', { [desired.id]: 100 }, roles, checked));
  const surplus = others.filter((revision) => revision.id !== desired.id);
  return {
    ready: verified,
    retire: (needs) => {
      const after = [...verified, ...needs];
      if (active && active.id !== desired.id) {
        const drained = steps.drain(active.id, drainMs, verified);
        if (!keepOld) steps.retire(active, [...drained, ...needs]);
      }
      for (const revision of surplus) steps.retire(revision, after);
    },
  };
}
