import { DataError } from '../ir/index.js';

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
 * @throws {DataError} if there are no samples, or the two differ in number
 */
export function classificationErrors(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): ClassificationErrors {
  if (labels.length === 0 || predictions.length !== labels.length) {
    throw new DataError(
      `metrics: need as many predictions as labels and at least one, got ${predictions.length} and ${labels.length}`,
    );
  }
  const counts = new Array<number>(classes).fill(0);
  const wrong = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) {
    counts[labels[i]!]! += 1;
    if (predictions[i] !== labels[i]) wrong[labels[i]!]! += 1;
  }
  const classError = counts.map((count, k) => (count === 0 ? Number.NaN : (100 * wrong[k]!) / count));
  const present = classError.filter((error) => !Number.isNaN(error));
  const total = wrong.reduce((sum, count) => sum + count, 0);
  return {
    classError,
    balancedError: present.reduce((sum, error) => sum + error, 0) / present.length,
    error: (100 * total) / labels.length,
  };
}
