import type { Value } from '../ir/index.js';
import { add, convert, div, greaterEqual, sigmoid, stopGradient, sub } from '../ops/index.js';

export interface RelaxedBernoulliOptions {
  /** How soft: near 0 the numbers are near 0 and 1 and hardly ever have a derivative; beyond 1 they gather in the middle. */
  readonly temperature: number;
  /** Give 0 or 1 with the derivative of the soft number (Bengio et al. 2013), instead of the soft number itself. */
  readonly straightThrough: boolean;
}

/**
 * The binary concrete distribution (Maddison et al. 2017, appendix B): s̃ = σ((logit + noise) / temperature), of which 1[s̃ ≥ ½] is Bernoulli with
 * probability σ(logit) exactly, at any temperature. Straight through gives 1[s̃ ≥ ½] − stop(s̃) + s̃.
 * @param noise log u − log(1 − u) for uniform u, of the logit's shape
 */
export function relaxedBernoulli(
  logit: Value,
  noise: Value,
  { temperature, straightThrough }: RelaxedBernoulliOptions,
): Value {
  const shifted = add(logit, noise);
  const soft = sigmoid(div(shifted, temperature));
  if (!straightThrough) return soft;
  // No rounding: the difference is exact for s̃ ≥ ½, and the sum is then 1; below ½ it is −s̃ + s̃.
  return add(stopGradient(sub(convert(greaterEqual(shifted, 0), soft.dtype), soft)), soft);
}
