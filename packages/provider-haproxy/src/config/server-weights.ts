/** What HAProxy accepts for one server. */
const LARGEST = 256;
/** One uneven weight among the instances of a revision weighs as much as this many points of its share. */
const UNEVENNESS = 0.01;

/**
 * Weights of servers (0 to 256), by revision and in the order of its instances, for shares in per cent. The share of
 * each revision is met as near as 256 allows, within one point; among its instances it is divided evenly, and where a
 * small share can't be (1 % over ten instances beside one with the rest), some of them get none of it.
 */
export function serverWeights(
  shares: Readonly<Record<string, number>>,
  instances: Readonly<Record<string, number>>,
): Record<string, number[]> {
  const taking = Object.entries(shares).filter(([revision, share]) => share > 0 && (instances[revision] ?? 0) > 0);
  const whole = taking.reduce((sum, [, share]) => sum + share, 0);
  const parts = taking.map(([revision, share]) => ({
    revision,
    share: share / whole,
    count: instances[revision] ?? 0,
  }));
  const most = Math.min(...parts.map(({ share, count }) => Math.floor((LARGEST * count) / share)));
  let best: { cost: number; totals: number[] } | undefined;
  for (let sum = 1; sum <= most && parts.length > 0; sum++) {
    const totals = parts.map(({ share }) => Math.max(1, Math.round(share * sum)));
    const cost = costOf(totals, parts);
    if (best === undefined || cost < best.cost - 1e-9) best = { cost, totals };
    if (cost < 1e-9) break;
  }
  return Object.fromEntries(parts.map(({ revision, count }, at) => [revision, divide(best?.totals[at] ?? 0, count)]));
}

function costOf(totals: readonly number[], parts: readonly { share: number; count: number }[]): number {
  const sum = totals.reduce((all, total) => all + total, 0);
  return parts.reduce((worst, { share, count }, at) => {
    const total = totals[at] ?? 0;
    if (Math.ceil(total / count) > LARGEST) return Number.POSITIVE_INFINITY;
    const off = Math.abs(total / sum - share) * 100;
    const uneven = total % count === 0 ? 0 : UNEVENNESS * (count / total);
    return Math.max(worst, off + uneven);
  }, 0);
}

function divide(total: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => Math.floor(total / count) + (at < total % count ? 1 : 0));
}
