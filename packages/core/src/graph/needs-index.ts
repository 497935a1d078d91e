import { cycleError, Graph } from './graph.ts';

/** What the scheduling functions look at: an id and the ids that must be done before. */
export interface Needing {
  readonly id: string;
  readonly needs: readonly string[];
}

/** The dependents of numbered items as flat integer arrays, 4 bytes an edge. */
export interface NeedsIndex {
  readonly numberOf: ReadonlyMap<string, number>;
  /** The dependents of item i are `dependents[start[i] .. start[i + 1]]`. */
  readonly start: Int32Array;
  readonly dependents: Int32Array;
  /** How many of its needs are in the set. */
  readonly needCount: Int32Array;
  /** Item numbers, needs before dependents. */
  readonly order: Int32Array;
}

/**
 * Numbers the items in their order and turns their needs round. Needs that aren't in the set are taken as
 * done. Linear. Throws `cycle`, naming the path.
 */
export function indexNeeds(items: readonly Needing[]): NeedsIndex {
  const numberOf = new Map<string, number>();
  for (const [number, item] of items.entries()) numberOf.set(item.id, number);

  const start = new Int32Array(items.length + 1);
  const needCount = new Int32Array(items.length);
  for (const [number, item] of items.entries()) {
    for (const need of item.needs) {
      const needed = numberOf.get(need);
      if (needed === undefined) continue;
      start[needed + 1]!++;
      needCount[number]!++;
    }
  }
  for (let i = 0; i < items.length; i++) start[i + 1]! += start[i]!;

  const dependents = new Int32Array(start[items.length]!);
  const next = start.slice();
  for (const [number, item] of items.entries()) {
    for (const need of item.needs) {
      const needed = numberOf.get(need);
      if (needed !== undefined) dependents[next[needed]!++] = number;
    }
  }
  return { numberOf, start, dependents, needCount, order: order(items, start, dependents, needCount) };
}

function order(items: readonly Needing[], start: Int32Array, dependents: Int32Array, needCount: Int32Array) {
  const open = needCount.slice();
  const queue = new Int32Array(items.length);
  let end = 0;
  for (let i = 0; i < items.length; i++) if (open[i] === 0) queue[end++] = i;
  for (let at = 0; at < end; at++) {
    const item = queue[at]!;
    for (let e = start[item]!; e < start[item + 1]!; e++) {
      if (--open[dependents[e]!]! === 0) queue[end++] = dependents[e]!;
    }
  }
  if (end < items.length) throw cycleError(cycleOf(items));
  return queue;
}

function cycleOf(items: readonly Needing[]): string[] {
  const graph = new Graph<undefined>();
  for (const { id } of items) if (!graph.has(id)) graph.add(id, undefined);
  for (const { id, needs } of items) for (const need of needs) if (graph.has(need)) graph.addDependency(id, need);
  return graph.findCycle() ?? [];
}
