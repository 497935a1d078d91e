/**
 * The standard normal distribution function, to about 15 digits: the Taylor series of G. Marsaglia, "Evaluating the
 * Normal Distribution", Journal of Statistical Software 11(4), 2004. 0 and 1 beyond 8 standard deviations.
 */
export function normalBelow(z: number): number {
  if (z < -8) return 0;
  if (z > 8) return 1;
  let sum = z;
  let term = z;
  for (let divisor = 3; Math.abs(term) > 1e-17 * Math.abs(sum); divisor += 2) {
    term *= (z * z) / divisor;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** The z below which this share (more than 0, less than 1) of a standard normal lies; by bisection. */
export function normalQuantile(share: number): number {
  let [low, high] = [-8, 8];
  for (let halvings = 0; halvings < 60; halvings++) {
    const middle = (low + high) / 2;
    if (normalBelow(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
