/** The longest wait after the first failure, in ms. */
export const BACK_OFF_BASE_MS = 500;
/** No wait is longer, in ms. */
export const BACK_OFF_CAP_MS = 30_000;

/**
 * How long to wait after the n-th failure (1 for the first), in whole ms: anything up to a bound that
 * doubles with each failure, so that those who failed together don't come back together.
 * Source: "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), the variant "Full Jitter".
 */
export function backOff(failures: number, random: () => number): number {
  const bound = Math.min(BACK_OFF_CAP_MS, BACK_OFF_BASE_MS * 2 ** (failures - 1));
  return Math.round(random() * bound);
}
