/** Φ: the share of the standard normal distribution below x. Absolute error below 1e-15 (Marsaglia's series, 2004). */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return x;
  // Beyond this the tail is below 1e-17.
  if (Math.abs(x) > 8.5) return x > 0 ? 1 : 0;
  let [sum, term] = [x, x];
  for (let k = 3; Math.abs(term) > 1e-18 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * Math.exp((-x * x) / 2 - 0.5 * Math.log(2 * Math.PI));
}

/**
 * The share of Student's t distribution below t, for a whole number of degrees of freedom, where it is a finite trigonometric sum
 * (Abramowitz and Stegun 26.7.3–4).
 */
export function studentCdf(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees > 1 ? term : 0;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  const within = odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
  return (1 + within) / 2;
}

/** Where a distribution function reaches p: bisection, to the last digits, of a function that rises from 0 to 1 and is ½ at 0. */
function quantile(cdf: (x: number) => number, p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (p < 0.5) return -quantile(cdf, 1 - p);
  let [low, high] = [0, 1];
  while (cdf(high) < p && high < 1e300) high *= 2;
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (cdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Φ⁻¹. ∓∞ at 0 and 1, NaN outside. */
export const normalQuantile = (p: number): number => quantile(normalCdf, p);

/** The inverse of {@link studentCdf}. */
export const studentQuantile = (p: number, degrees: number): number => quantile((t) => studentCdf(t, degrees), p);
