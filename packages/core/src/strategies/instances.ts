import type { Amount, RollingStrategy } from '../config/project.ts';

/** Numbers of so many instances, from 0. */
export function slotsUpTo(count: number): number[] {
  return Array.from({ length: count }, (_, slot) => slot);
}

/** So many of `wanted`; a share is rounded up. */
export function atLeast(amount: Amount, wanted: number): number {
  return 'count' in amount ? amount.count : Math.ceil((amount.percent * wanted) / 100);
}

/** So many of `wanted`; a share is rounded down. */
function atMost(amount: Amount, wanted: number): number {
  return 'count' in amount ? amount.count : Math.floor((amount.percent * wanted) / 100);
}

/**
 * How many of `wanted` instances may be missing while they are replaced. Where nothing may be above and nothing may be
 * missing once shares are made whole, one may: else it could never move.
 */
export function mostMissing({ maxSurge, maxUnavailable }: RollingStrategy, wanted: number): number {
  return Math.max(atMost(maxUnavailable, wanted), atLeast(maxSurge, wanted) === 0 ? 1 : 0);
}

/** How many of `wanted` instances a share of the traffic needs: one at least, and all of them from half of it on. */
export function neededFor(weight: number, wanted: number): number {
  return weight >= 50 ? wanted : Math.max(1, Math.ceil((weight * wanted) / 100));
}

/**
 * Shares in whole per cents by numbers of instances: by largest remainder, sum 100. Who has an instance has a share,
 * though it were less than one per cent. Empty where nobody has any.
 */
export function weightsBy(instances: Readonly<Record<string, number>>): Record<string, number> {
  const present = Object.entries(instances).filter(([, count]) => count > 0);
  const total = present.reduce((sum, [, count]) => sum + count, 0);
  const shares = present.map(([id, count]) => {
    const exact = (100 * count) / total;
    return { id, weight: Math.max(1, Math.floor(exact)), remainder: exact % 1 };
  });
  let left = 100 - shares.reduce((sum, { weight }) => sum + weight, 0);
  for (const share of shares.toSorted((a, b) => b.remainder - a.remainder)) {
    if (left <= 0) break;
    share.weight += 1;
    left -= 1;
  }
  // Those that were given their one per cent without having earned it take it from the biggest.
  const biggest = shares.reduce((most, share) => (share.weight > most.weight ? share : most), shares[0]!);
  if (biggest) biggest.weight += left;
  return Object.fromEntries(shares.map(({ id, weight }) => [id, weight]));
}
