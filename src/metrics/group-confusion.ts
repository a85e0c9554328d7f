import { type Groups, requireGroups, requirePredictions, requireWeights } from './check.js';

/** How the samples of each class and group were taken, the table from which every figure about groups is read. */
export interface GroupConfusion {
  readonly classes: number;
  readonly groups: number;
  /** [G, K, K] row by row: group, true class, predicted class. */
  readonly counts: Float64Array;
}

/**
 * Memory G·K² numbers.
 * @param weights how often each sample counts; default once
 * @throws {DataError} if there are no samples, or labels, predictions and groups do not fit
 */
export function groupConfusion(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  groups: Groups,
  weights?: ArrayLike<number>,
): GroupConfusion {
  requirePredictions(predictions, labels, classes);
  requireGroups(groups, labels.length);
  requireWeights(weights, labels.length);
  return countConfusion(predictions, labels, classes, groups, weights);
}

/** The same of what has been checked already: a bootstrap asks a thousand times. */
export function countConfusion(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  groups: Groups,
  weights?: ArrayLike<number>,
): GroupConfusion {
  const counts = new Float64Array(groups.names.length * classes * classes);
  for (let i = 0; i < labels.length; i++) {
    counts[(groups.values[i]! * classes + labels[i]!) * classes + predictions[i]!]! += weights?.[i] ?? 1;
  }
  return { classes, groups: groups.names.length, counts };
}

/** Samples of class y in group g. */
export function cellSize({ classes, counts }: GroupConfusion, y: number, g: number): number {
  const start = (g * classes + y) * classes;
  let size = 0;
  for (let k = 0; k < classes; k++) size += counts[start + k]!;
  return size;
}

/** P(ŷ = k | y, g), from 0 to 1; NaN if the cell is empty. */
export const cellRate = (confusion: GroupConfusion, y: number, g: number, k: number): number =>
  confusion.counts[(g * confusion.classes + y) * confusion.classes + k]! / cellSize(confusion, y, g);
