interface Candidate<T> {
  item: T;
  weight: number;
  current: number;
}

/**
 * Chooses among items in exact proportion to their weights, spread as evenly as possible: within one
 * whole cycle each is chosen as often as its weight says, and `{a: 5, b: 1, c: 1}` gives a a b a c a a.
 *
 * It is nginx's smooth weighted round-robin (github.com/nginx/nginx, commit 52327e0): at each choice every
 * candidate's current weight grows by its weight, the largest is chosen and falls by the sum of all.
 */
export class WeightedChoice<T> {
  readonly #candidates: Candidate<T>[] = [];
  readonly #total: number = 0;

  /** Items with a weight of 0 are never chosen. */
  constructor(weighted: Iterable<readonly [T, number]>) {
    for (const [item, weight] of weighted) {
      if (weight <= 0) continue;
      this.#candidates.push({ item, weight, current: 0 });
      this.#total += weight;
    }
  }

  /** The next item, or undefined when nothing has a weight. */
  next(): T | undefined {
    let best: Candidate<T> | undefined;
    for (const candidate of this.#candidates) {
      candidate.current += candidate.weight;
      if (!best || candidate.current > best.current) best = candidate;
    }
    if (best) best.current -= this.#total;
    return best?.item;
  }
}
