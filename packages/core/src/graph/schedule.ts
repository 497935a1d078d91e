import type { Limits } from '../config/project.ts';
import type { Step } from '../plan/step.ts';
import { IndexHeap } from './index-heap.ts';
import { indexNeeds, type Needing, type NeedsIndex } from './needs-index.ts';
import { type Limited, ReadyQueue } from './ready-queue.ts';

/** A piece of work as the scheduler sees it. Needs that aren't among the items are taken as done. */
export interface ScheduleItem extends Needing, Limited {
  readonly durationMs: number;
}

/** A step of a plan as the scheduler sees it: expected to take as long as estimated. */
export function scheduleItem(step: ScheduledStep): ScheduleItem {
  const { id, needs, after = [], estimateMs, provider, type } = step;
  return { id, needs, after, durationMs: estimateMs, provider, type };
}

type ScheduledStep = Pick<Step, 'id' | 'needs' | 'after' | 'estimateMs' | 'provider' | 'type'>;

/**
 * For each item, in the order given: its own duration plus the longest chain of dependents behind it, in ms.
 * Linear. Throws `cycle`, naming the path.
 */
export function longestRemaining(items: readonly ScheduleItem[], index: NeedsIndex = indexNeeds(items)): Float64Array {
  const remaining = new Float64Array(items.length);
  for (let at = items.length - 1; at >= 0; at--) {
    const item = index.order[at]!;
    let behind = 0;
    for (let e = index.start[item]!; e < index.start[item + 1]!; e++) {
      behind = Math.max(behind, remaining[index.dependents[e]!]!);
    }
    remaining[item] = items[item]!.durationMs + behind;
  }
  return remaining;
}

/** The chain of items that takes longest, first to last, and how long it takes. Throws `cycle`, naming the path. */
export function criticalPath(
  items: readonly ScheduleItem[],
  index: NeedsIndex = indexNeeds(items),
): { path: string[]; durationMs: number } {
  const remaining = longestRemaining(items, index);
  let at = -1;
  for (let i = 0; i < items.length; i++) {
    if (index.needCount[i] === 0 && (at < 0 || remaining[i]! > remaining[at]!)) at = i;
  }
  const durationMs = at < 0 ? 0 : remaining[at]!;
  const path: string[] = [];
  while (at >= 0) {
    path.push(items[at]!.id);
    let next = -1;
    for (let e = index.start[at]!; e < index.start[at + 1]!; e++) {
      const dependent = index.dependents[e]!;
      if (next < 0 || remaining[dependent]! > remaining[next]!) next = dependent;
    }
    at = next;
  }
  return { path, durationMs };
}

/**
 * How long the items take in all, in ms, when each runs exactly as long as it says and the executor's own
 * rule (longest remaining path first, within the limits) decides what starts. O(n log n).
 * Throws `cycle`, naming the path, and `limit-invalid`.
 */
export function estimateMakespan(
  items: readonly ScheduleItem[],
  limits: Limits,
  index: NeedsIndex = indexNeeds(items),
): number {
  const ready = new ReadyQueue(items, longestRemaining(items, index), limits);
  const open = index.needCount.slice();
  const endsAt = new Float64Array(items.length);
  const running = new IndexHeap((a, b) => endsAt[a]! < endsAt[b]!);
  for (let i = 0; i < items.length; i++) if (open[i] === 0) ready.push(i);

  let now = 0;
  for (;;) {
    for (let item = ready.take(); item >= 0; item = ready.take()) {
      endsAt[item] = now + items[item]!.durationMs;
      running.push(item);
    }
    if (running.size === 0) return now;
    now = endsAt[running.peek()]!;
    while (running.size > 0 && endsAt[running.peek()] === now) {
      const ended = running.pop();
      ready.release(ended);
      for (let e = index.start[ended]!; e < index.start[ended + 1]!; e++) {
        if (--open[index.dependents[e]!]! === 0) ready.push(index.dependents[e]!);
      }
    }
  }
}
