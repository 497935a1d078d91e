import { type RevisionRecord, type ServiceRecord, slotsOf } from '../state/record.ts';
import { mostMissing, slotsUpTo } from './instances.ts';

/** A revision that is to take all of the traffic back from what a broken rollout left. */
export interface Homecoming {
  active: RevisionRecord;
  others: readonly RevisionRecord[];
  weights: ServiceRecord['weights'];
}

/**
 * The instances that the active revision must have before it takes everybody back; undefined: those that it has are
 * enough. They aren't where a rollout that broke had replaced more of them than its strategy lets be missing. `countOf`
 * says how many it needs, told how many were declared when that rollout began: the active one's own declaration may be
 * older than its last scaling in place.
 */
export function slotsToTakeBack(
  { active, others, weights }: Homecoming,
  countOf: (declared: number | undefined) => number,
): number[] | undefined {
  const broken = others.find(
    ({ id, role, spec }) => (weights[id] ?? 0) > 0 && role !== 'baseline' && spec.strategy.kind === 'rolling',
  );
  if (broken?.spec.strategy.kind !== 'rolling') return undefined;
  const count = countOf(broken.spec.instances);
  const left = slotsOf(active).length;
  const isEnough = left > 0 && left >= count - mostMissing(broken.spec.strategy, count);
  return isEnough ? undefined : slotsUpTo(count);
}
