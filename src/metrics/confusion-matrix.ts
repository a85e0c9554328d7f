import { requirePredictions, requireWeights } from './check.js';

/**
 * How many samples of each class were taken for which. Memory K² numbers: 8 MB for 1000 classes.
 * @returns [K, K] row by row: the row is the true class, the column the predicted one
 * @throws {DataError} if there are no samples, the two differ in number, or one is no class
 */
export function confusionMatrix(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  weights?: ArrayLike<number>,
): Float64Array<ArrayBuffer> {
  requirePredictions(predictions, labels, classes);
  requireWeights(weights, labels.length);
  const matrix = new Float64Array(classes * classes);
  for (let i = 0; i < labels.length; i++) matrix[labels[i]! * classes + predictions[i]!] += weights?.[i] ?? 1;
  return matrix;
}
