import { requirePredictions, requireWeights } from './check.js';
import { meanOfPresent } from './mean.js';

/** Errors of a classifier on labelled data, all in percent. */
export interface ClassificationErrors {
  /** Share of wrong predictions in each class; NaN for a class without samples. */
  readonly classError: number[];
  /** Mean of the class errors: every class counts alike, however rare. */
  readonly balancedError: number;
  /** Share of wrong predictions over all samples. */
  readonly error: number;
}

/**
 * @param predictions class predicted for each sample
 * @param labels its true class, 0 … classes−1
 * @param weights how often each sample counts; default once
 * @throws {DataError} if there are no samples, the two differ in number, or one is no class
 */
export function classificationErrors(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  weights?: ArrayLike<number>,
): ClassificationErrors {
  requirePredictions(predictions, labels, classes);
  requireWeights(weights, labels.length);
  return countErrors(predictions, labels, classes, weights);
}

/** The same of what has been checked already: a bootstrap asks a thousand times. */
export function countErrors(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  weights?: ArrayLike<number>,
): ClassificationErrors {
  const counts = new Array<number>(classes).fill(0);
  const wrong = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) {
    const weight = weights?.[i] ?? 1;
    counts[labels[i]!]! += weight;
    if (predictions[i] !== labels[i]) wrong[labels[i]!]! += weight;
  }
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const classError = counts.map((count, k) => (count === 0 ? Number.NaN : (100 * wrong[k]!) / count));
  return { classError, balancedError: meanOfPresent(classError), error: (100 * sum(wrong)) / sum(counts) };
}
