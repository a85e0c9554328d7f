import { ConfigError, DataError } from '../ir/index.js';
import { requireScores } from './check.js';
import { logProbabilities } from './probabilities.js';

/**
 * Post-hoc logit adjustment (Menon et al. 2021): f_k − τ log π_k, so that a model trained on classes of prior π is used on balanced ones.
 * @param logits [N, K], row by row
 * @param counts training samples of each class, or their prior
 * @param tau τ; default 1
 * @throws {DataError} if the logits are not whole rows; {ConfigError} if a class has no samples
 */
export function adjustLogits(logits: ArrayLike<number>, counts: readonly number[], tau = 1): Float64Array<ArrayBuffer> {
  const classes = counts.length;
  if (classes === 0 || logits.length % classes !== 0) {
    throw new DataError(`logit adjustment: ${logits.length} logits are not whole rows of ${classes} classes`);
  }
  const empty = counts.findIndex((count) => !(count > 0 && Number.isFinite(count)));
  if (empty >= 0) {
    throw new ConfigError(
      `logit adjustment: class ${empty} has ${counts[empty]} training samples, and log 0 is no number; leave the class out`,
    );
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shift = counts.map((count) => tau * Math.log(count / total));
  return Float64Array.from(logits, (logit, i) => logit - shift[i % classes]!);
}

/** Every logit divided by the temperature. */
export const scaleLogits = (logits: ArrayLike<number>, temperature: number): Float64Array<ArrayBuffer> =>
  Float64Array.from(logits, (logit) => logit / temperature);

/** 1/T is sought between these: where every sample is right, the likelihood would have it grow for ever. */
const [SMALLEST, LARGEST] = [1e-3, 1e3];
/** Newton takes about six; where almost every sample is right its steps are short, and halving the bracket is faster. */
const NEWTON_STEPS = 10;
const CLOSE = 1e-12;

/**
 * Temperature scaling (Guo et al. 2017): the T whose logits f/T have the least negative log-likelihood. That is convex in 1/T, so the root of
 * its derivative is bracketed, and Newton's steps are taken within the bracket; T lies from 0.001 to 1000. Where T makes no difference, as for
 * one class, it is 1. Cost about ten passes over the logits.
 *
 * Fit it on samples that the model has not been trained on, and judge it on others.
 * @throws {DataError|NumericError} on labels or logits that cannot be
 */
export function fitTemperature(logits: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number {
  requireScores(logits, labels, classes);
  const at = (beta: number) => derivatives(logits, labels, classes, beta);
  let beta = 1;
  let { slope, curvature } = at(beta);
  if (slope === 0) return 1;
  if (at(LARGEST).slope <= 0) return 1 / LARGEST;
  if (at(SMALLEST).slope >= 0) return 1 / SMALLEST;
  let [low, high] = [SMALLEST, LARGEST];
  for (let step = 0; high / low > 1 + CLOSE; step++) {
    if (slope > 0) high = beta;
    else low = beta;
    const newton = beta - slope / curvature;
    const next = step < NEWTON_STEPS && newton > low && newton < high ? newton : Math.sqrt(low * high);
    if (Math.abs(next - beta) <= CLOSE * beta) return 1 / next;
    beta = next;
    ({ slope, curvature } = at(beta));
  }
  return 1 / beta;
}

/** Of the sum of the negative log-likelihoods, in β = 1/T. */
function derivatives(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  beta: number,
): { slope: number; curvature: number } {
  const logP = logProbabilities(
    Float64Array.from(logits, (logit) => beta * logit),
    classes,
  );
  let [slope, curvature] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    let [mean, square] = [0, 0];
    for (let k = 0; k < classes; k++) {
      const p = Math.exp(logP[i * classes + k]!);
      // About the sample's own logit, so that large logits do not cancel.
      const away = logits[i * classes + k]! - logits[i * classes + labels[i]!]!;
      mean += p * away;
      square += p * away * away;
    }
    slope += mean;
    curvature += square - mean * mean;
  }
  return { slope, curvature };
}
