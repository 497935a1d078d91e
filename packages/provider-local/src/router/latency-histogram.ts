/** From one bound to the next: 12 %. */
const STEP = 1.12;
/** Kept finer than told, so that a percentile is within 1 % of the truth. */
const PARTS = 12;
/** The power of {@link STEP} in ms from which durations are told apart (0.0096 ms), and that of the last bound (59 s). */
const FIRST = -41;
const LAST = 97;
const PER_UNIT = PARTS / Math.log(STEP);
/** Count `i` is of durations up to `STEP ** (FIRST + i / PARTS)` ms; the last count is of longer ones. */
const SIZE = (LAST - FIRST) * PARTS + 2;

/** Upper bounds in ms, spaced evenly by their logarithm: 1, 1.12, 1.254, … 59,432. */
const BOUNDS: readonly number[] = Array.from({ length: LAST + 1 }, (_, power) => round(STEP ** power));

/** How long requests took, as counts that only grow, in memory that doesn't. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(SIZE);
  #total = 0;
  #longest = 0;

  record(milliseconds: number): void {
    const index = Math.ceil(Math.log(milliseconds) * PER_UNIT) - FIRST * PARTS;
    // Also for a duration of 0, whose logarithm is none.
    const at = index > 0 ? Math.min(index, SIZE - 1) : 0;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#total++;
    if (milliseconds > this.#longest) this.#longest = milliseconds;
  }

  /** In ms, at most 1 % above the truth; null while nothing was recorded. */
  percentile(percent: number): number | null {
    if (this.#total === 0) return null;
    const wanted = Math.max(1, Math.ceil((this.#total * percent) / 100));
    let seen = 0;
    for (let i = 0; i < SIZE - 1; i++) {
      seen += this.#counts[i] as number;
      if (seen >= wanted) return round(Math.min(this.#longest, STEP ** (FIRST + i / PARTS)));
    }
    return round(this.#longest);
  }

  /** The first bound takes everything up to it. */
  counts(): { bounds: number[]; counts: number[] } {
    const counts = new Array<number>(BOUNDS.length + 1).fill(0);
    for (let i = 0; i < SIZE; i++) {
      const bound = Math.min(BOUNDS.length, Math.max(0, Math.ceil(i / PARTS) + FIRST));
      counts[bound] = (counts[bound] as number) + (this.#counts[i] as number);
    }
    return { bounds: [...BOUNDS], counts };
  }
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
