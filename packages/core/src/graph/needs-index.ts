import { cycleError, Graph } from './graph.ts';

/** What the scheduling functions look at: an id, the ids that must be done before, and those that must have ended. */
export interface Needing {
  readonly id: string;
  readonly needs: readonly string[];
  readonly after?: readonly string[];
}

/** The dependents of numbered items as flat integer arrays, 4 bytes an edge. */
export interface NeedsIndex {
  readonly numberOf: ReadonlyMap<string, number>;
  /** The dependents of item i are `dependents[start[i] .. start[i + 1]]`. */
  readonly start: Int32Array;
  readonly dependents: Int32Array;
  /** 1 where the dependent only comes after, 0 where it needs; beside `dependents`. */
  readonly orderOnly: Uint8Array;
  /** How many of its needs, and of those that it comes after, are in the set. */
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
  eachEdge(items, numberOf, (before, number) => {
    start[before + 1]!++;
    needCount[number]!++;
  });
  for (let i = 0; i < items.length; i++) start[i + 1]! += start[i]!;

  const dependents = new Int32Array(start[items.length]!);
  const orderOnly = new Uint8Array(dependents.length);
  const next = start.slice();
  eachEdge(items, numberOf, (before, number, isOrderOnly) => {
    const edge = next[before]!++;
    dependents[edge] = number;
    orderOnly[edge] = isOrderOnly ? 1 : 0;
  });
  return { numberOf, start, dependents, orderOnly, needCount, order: order(items, start, dependents, needCount) };
}

function eachEdge(
  items: readonly Needing[],
  numberOf: ReadonlyMap<string, number>,
  visit: (before: number, number: number, isOrderOnly: boolean) => void,
): void {
  for (const [number, item] of items.entries()) {
    for (const need of item.needs) {
      const before = numberOf.get(need);
      if (before !== undefined) visit(before, number, false);
    }
    for (const earlier of item.after ?? []) {
      const before = numberOf.get(earlier);
      if (before !== undefined) visit(before, number, true);
    }
  }
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
  for (const { id, needs, after = [] } of items) {
    for (const before of [...needs, ...after]) if (graph.has(before)) graph.addDependency(id, before);
  }
  return graph.findCycle() ?? [];
}
