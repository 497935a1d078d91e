import type { Analysis } from '../config/project.ts';
import type { RevisionRecord } from '../state/record.ts';
import { slotsToTakeBack } from './capacity.ts';
import type { EmittedRollout, Move, Rollout } from './rollout.ts';
import type { RolloutSteps } from './rollout-steps.ts';

type Needs = readonly string[];

/** Nothing is there yet: all of it starts, and gets the traffic when it works. */
export function firstRollout(rollout: Rollout, steps: RolloutSteps, begun: Needs = steps.begin()): EmittedRollout {
  const { desired, others } = rollout;
  const checked = steps.check(steps.stage(steps.migrate(begun)));
  const moved = steps.switch('switch', { weights: { [desired.id]: 100 }, roles: { [desired.id]: 'active' } }, checked);
  const ready = steps.verify(moved);
  const surplus = others.filter(({ id }) => id !== desired.id);
  return {
    checked,
    moves: [],
    ready,
    retire: (needs) => {
      retireAll(steps, surplus, [...ready, ...needs]);
    },
  };
}

/** One after another: each writes the service's record. */
function retireAll(steps: RolloutSteps, revisions: readonly RevisionRecord[], needs: Needs): string[] {
  let done = [...needs];
  for (const revision of revisions) done = steps.retire(revision, done);
  return done;
}

/** What the old revision is when the rollout of the new one begins. */
export interface TakenBack {
  active: RevisionRecord;
  /** When this has succeeded it has all of the traffic. */
  back: string[];
}

/**
 * A rollout that broke left a part of the traffic with its revision: before anything else that goes back, once the old
 * revision is known to answer. Where that rollout took instances away from it, they come back first: they are needed for
 * everybody.
 */
export function takeBack(rollout: Rollout, active: RevisionRecord, steps: RolloutSteps): TakenBack {
  const { weights = {}, routes = [] } = rollout.traffic ?? {};
  const elsewhere = Object.entries(weights).some(([id, weight]) => id !== active.id && weight > 0);
  if (!elsewhere && routes.length === 0) return { active, back: [] };
  const homecoming = { active, others: rollout.others, weights };
  const slots = slotsToTakeBack(homecoming, (declared) =>
    Math.min(declared ?? rollout.instances, rollout.mostInstances),
  );
  const back = steps.takeBack(active, slots);
  return { active: slots ? { ...active, slots } : active, back };
}

/** What of an analysis can be measured when nothing is left to compare with; undefined: nothing. */
export function withoutComparison(analysis: Analysis | undefined): Analysis | undefined {
  const metrics = (analysis?.metrics ?? []).flatMap((metric) => {
    if (metric.compareWith === undefined) return [metric];
    const { compareWith: _, maxIncrease: __, maxDecrease: ___, judge: ____, ...own } = metric;
    return own.fail || own.pass ? [own] : [];
  });
  return analysis && metrics.length > 0 ? { ...analysis, metrics } : undefined;
}

/** Watches on after the promotion: with measurements where there are any, else it must answer still when it is over. */
export function bake(steps: RolloutSteps, bakeMs: number, analysis: Analysis | undefined, needs: Needs): string[] {
  if (bakeMs === 0) return [...needs];
  const measured = withoutComparison(analysis);
  if (measured) return steps.analyse('bake', measured, bakeMs, needs);
  return steps.verify(
    steps.hold('bake', bakeMs, 'it is watched on before what it replaced goes', needs),
    'verify-baked',
  );
}

/** How a strategy ends: what was replaced goes, or stays for a way back. */
export interface Ending {
  active: RevisionRecord;
  drainMs: number;
  keepOld: boolean | { forMs: number };
  /** A revision that the rollout retires on its way. */
  retired?: string | undefined;
  checked: string[];
  moves: Move[];
  ready: string[];
}

/**
 * What was replaced is drained when the new revision is there to stay, and retired when all of the plan is. Kept for a
 * time, it goes at the very end.
 */
export function endWith(rollout: Rollout, steps: RolloutSteps, ending: Ending): EmittedRollout {
  const { desired, others } = rollout;
  const { active, drainMs, keepOld, retired, checked, moves, ready } = ending;
  const surplus = others.filter(({ id }) => id !== desired.id && id !== retired);
  return {
    checked,
    moves,
    ready,
    retire: (needs) => {
      const drained = steps.drain('drain', active.id, drainMs, ready);
      const gone = retireAll(steps, surplus, [...ready, ...needs]);
      if (keepOld === true) return;
      const over = [...new Set([...drained, ...needs, ...(surplus.length > 0 ? gone : [])])];
      const kept = keepOld
        ? steps.hold('keep', keepOld.forMs, `${active.id} is kept for an instant way back`, over)
        : over;
      steps.retire(active, kept);
    },
  };
}

/** The id of the fresh copy of a revision. */
export function baselineOf(active: Pick<RevisionRecord, 'id'>): string {
  return `${active.id}-baseline`;
}
