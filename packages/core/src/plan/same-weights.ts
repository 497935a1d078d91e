type Weights = Readonly<Record<string, number>>;

/** In points, not reached: routers divide by whole weights of instances, and round the shares that they tell. */
const TOLERANCE = 1;

/** Whether a router distributes as recorded: to the same revisions, to each less than a point more or less. Pure. */
export function sameWeights(some: Weights, others: Weights): boolean {
  const ids = new Set([...Object.keys(some), ...Object.keys(others)]);
  return [...ids].every((id) => sameWeight(some[id] ?? 0, others[id] ?? 0));
}

/** As {@link sameWeights}, for one revision. Any share at all is another than none. */
export function sameWeight(some: number, other: number): boolean {
  return some > 0 === other > 0 && Math.abs(some - other) < TOLERANCE;
}
