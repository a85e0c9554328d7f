import { DataError, NumericError } from '../ir/index.js';

/** Which group each sample belongs to, and what the groups are called. */
export interface Groups {
  /** Group of each sample, 0 … names.length−1, shape [N]. */
  readonly values: ArrayLike<number>;
  readonly names: readonly string[];
}

function requireInRange(what: string, values: ArrayLike<number>, end: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isInteger(value) && value >= 0 && value < end) continue;
    throw new DataError(
      `metrics: every ${what} must be an integer from 0 to ${end - 1}, got ${value} for sample ${i}; correct it or raise the number of ${what === 'group' ? 'groups' : 'classes'}`,
    );
  }
}

/**
 * What every metric asks of its labels.
 * @throws {DataError} if there are none, or one is no class
 */
export function requireLabels(labels: ArrayLike<number>, classes: number): void {
  if (!Number.isInteger(classes) || classes < 1) {
    throw new DataError(`metrics: the number of classes must be an integer of at least 1, got ${classes}`);
  }
  if (labels.length === 0) throw new DataError('metrics: need at least one sample, got none');
  requireInRange('label', labels, classes);
}

/** @throws {DataError} if they differ in number from the labels, or one is no class */
export function requirePredictions(predictions: ArrayLike<number>, labels: ArrayLike<number>, classes: number): void {
  if (labels.length === 0 || predictions.length !== labels.length) {
    throw new DataError(
      `metrics: need as many predictions as labels and at least one, got ${predictions.length} and ${labels.length}`,
    );
  }
  requireLabels(labels, classes);
  requireInRange('prediction', predictions, classes);
}

/**
 * @param scores [N, K], row by row
 * @throws {DataError} if there are not K for each label; {NumericError} if one is NaN or infinite
 */
export function requireScores(scores: ArrayLike<number>, labels: ArrayLike<number>, classes: number): void {
  requireLabels(labels, classes);
  if (scores.length !== labels.length * classes) {
    throw new DataError(
      `metrics: ${labels.length} samples of ${classes} classes need ${labels.length * classes} scores, got ${scores.length}`,
    );
  }
  for (let i = 0; i < scores.length; i++) {
    if (Number.isFinite(scores[i])) continue;
    throw new NumericError(
      `metrics: every score must be a finite number, got ${scores[i]} for sample ${Math.floor(i / classes)}, class ${i % classes}; the model diverged or its input was not finite`,
    );
  }
}

/** @throws {DataError} if there is not a group for each sample, or one is none of those named */
export function requireGroups({ values, names }: Groups, samples: number): void {
  if (values.length !== samples) {
    throw new DataError(`metrics: need a group for each of the ${samples} samples, got ${values.length}`);
  }
  requireInRange('group', values, names.length);
}

/** @throws {DataError} if there is not a weight for each sample, or one is negative or not finite */
export function requireWeights(weights: ArrayLike<number> | undefined, samples: number): void {
  if (!weights) return;
  if (weights.length !== samples) {
    throw new DataError(`metrics: need a weight for each of the ${samples} samples, got ${weights.length}`);
  }
  for (let i = 0; i < samples; i++) {
    if (Number.isFinite(weights[i]) && weights[i]! >= 0) continue;
    throw new DataError(
      `metrics: every weight must be a finite number of at least 0, got ${weights[i]} for sample ${i}`,
    );
  }
}
