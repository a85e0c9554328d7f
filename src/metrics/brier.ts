import { requireScores } from './check.js';
import { weightedMean } from './mean.js';

/**
 * Σ_k (p_k − 1[y = k])² of each sample, from 0 to 2.
 * @param probabilities [N, K], row by row
 * @throws {DataError|NumericError} on labels or probabilities that cannot be
 */
export function brierScores(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): Float64Array<ArrayBuffer> {
  requireScores(probabilities, labels, classes);
  return Float64Array.from(labels, (label, i) => {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += (probabilities[i * classes + k]! - (k === label ? 1 : 0)) ** 2;
    return sum;
  });
}

/** Brier score (Brier 1950): the mean of {@link brierScores}. For two classes twice the score that counts the positive class alone. */
export const brierScore = (probabilities: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number =>
  weightedMean(brierScores(probabilities, labels, classes));
