/**
 * Divides a whole number by weights, into whole numbers; none gets more than the own weight, and what is too much for all
 * of them stays undivided. What can't be divided evenly goes where most was cut off.
 */
export function share(amount: number, weights: readonly number[]): number[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  if (all === 0 || amount <= 0) return weights.map(() => 0);
  const whole = Math.min(amount, all);
  const exact = weights.map((weight) => (whole * weight) / all);
  const shares = exact.map(Math.floor);
  const cutOff = (at: number) => (exact[at] ?? 0) - (shares[at] ?? 0);
  const byCut = exact.map((_, at) => at).toSorted((a, b) => cutOff(b) - cutOff(a));
  const left = whole - shares.reduce((sum, each) => sum + each, 0);
  for (const at of byCut.slice(0, left)) shares[at] = (shares[at] ?? 0) + 1;
  return shares;
}
