const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/y;

/** The longest that a timer can wait: 2^31 - 1 ms, nearly 25 days. */
export const LONGEST_DURATION_MS = 2_147_483_647;

/**
 * `500ms`, `1s`, `2.5m`, `1h30m` or `1d` in milliseconds; undefined for anything else and for more than
 * {@link LONGEST_DURATION_MS}. A number without a unit is not a duration: nobody can tell whether
 * seconds or milliseconds were meant.
 */
export function parseDuration(text: string): number | undefined {
  let total = 0;
  PART.lastIndex = 0;
  let end = 0;
  while (end < text.length) {
    const part = PART.exec(text);
    if (!part) return undefined;
    total += Number(part[1]) * UNITS[part[2] as keyof typeof UNITS];
    end = PART.lastIndex;
  }
  return end > 0 && total <= LONGEST_DURATION_MS ? Math.round(total) : undefined;
}
