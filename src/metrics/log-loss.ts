import { requireScores } from './check.js';
import { weightedMean } from './mean.js';

/**
 * −log p_y of each sample, in nats.
 * @param logP log-probabilities [N, K], as {@link logProbabilities} gives them
 * @throws {DataError|NumericError} on labels or scores that cannot be
 */
export function logLosses(
  logP: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): Float64Array<ArrayBuffer> {
  requireScores(logP, labels, classes);
  return Float64Array.from(labels, (label, i) => -logP[i * classes + label]!);
}

/** Negative log-likelihood: the mean of {@link logLosses}. */
export const logLoss = (logP: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number =>
  weightedMean(logLosses(logP, labels, classes));
