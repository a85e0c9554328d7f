import { ConfigError, DataError } from '../ir/errors.js';
import type { Random } from './random.js';

/** Sizes of a long tail: how many samples the largest class keeps, and how many times fewer the smallest. */
export interface LongTail {
  /** Samples of class 0, the largest. */
  n0: number;
  /** Largest over smallest class size, ρ ≥ 1. */
  imbalance: number;
}

/** ⌊x⌋, where an x that only rounding error keeps just below an integer counts as that integer. */
function floorSnapped(x: number): number {
  const nearest = Math.round(x);
  return Math.abs(x - nearest) <= 1e-9 * Math.max(1, x) ? nearest : Math.floor(x);
}

/** ρ^(−k/(K−1)), the share of class k in relation to class 0. */
const decay = (k: number, classes: number, imbalance: number) => (k === 0 ? 1 : imbalance ** (-k / (classes - 1)));

function requireClasses(classes: number): void {
  if (!Number.isSafeInteger(classes) || classes < 1) {
    throw new ConfigError(`The number of classes must be a positive integer, got ${String(classes)}.`);
  }
}

/**
 * Class sizes of an exponential long tail: n_k = ⌊n_0·ρ^(−k/(K−1))⌋ for k = 0 … K−1, so the last is ⌊n_0/ρ⌋.
 * @throws ConfigError when an argument is out of range or the last class would be empty
 */
export function longTailCounts(n0: number, classes: number, imbalance: number): number[] {
  requireClasses(classes);
  if (!Number.isSafeInteger(n0) || n0 < 1) {
    throw new ConfigError(
      `Long tail: n0, the size of the largest class, must be a positive integer, got ${String(n0)}.`,
    );
  }
  if (!Number.isFinite(imbalance) || imbalance < 1) {
    throw new ConfigError(
      `Long tail: the imbalance (largest over smallest class) must be a finite number of at least 1, got ${String(imbalance)}.`,
    );
  }
  const counts = Array.from({ length: classes }, (_, k) => floorSnapped(n0 * decay(k, classes, imbalance)));
  if (counts[classes - 1] < 1) {
    throw new ConfigError(
      `Long tail: every class needs a sample, but n0 = ${n0} at imbalance ${imbalance} leaves none for the last of ${classes}; ` +
        `raise n0 to at least ${Math.ceil(imbalance)} or lower the imbalance.`,
    );
  }
  return counts;
}

/** Positions of each class's samples, in the order given. */
function positionsByClass(labels: Int32Array, classes: number, indices?: Int32Array): number[][] {
  requireClasses(classes);
  const positions: number[][] = Array.from({ length: classes }, () => []);
  const count = indices ? indices.length : labels.length;
  for (let i = 0; i < count; i++) {
    const position = indices ? indices[i] : i;
    if (!(position >= 0 && position < labels.length)) {
      throw new ConfigError(`Sample index ${position} is outside the ${labels.length} samples.`);
    }
    const label = labels[position];
    if (!(label >= 0 && label < classes)) {
      throw new DataError(
        `Sample ${position} has label ${label}, but labels must be 0 to ${classes - 1}; correct the label or the number of classes.`,
      );
    }
    positions[label].push(position);
  }
  return positions;
}

/**
 * Samples of each class, among `indices` if given, else among all.
 * @throws DataError when a label is not in 0 … classes−1
 * @throws ConfigError when an index is out of range
 */
export function classCounts(labels: Int32Array, classes: number, indices?: Int32Array): number[] {
  return positionsByClass(labels, classes, indices).map((positions) => positions.length);
}

/**
 * A long-tailed subset: the first n_k samples of each class (see {@link longTailCounts}), class 0 first, each class in the
 * order of the data.
 * @returns positions in `labels`
 * @throws ConfigError when a class has fewer than n_k samples, or an argument is out of range
 * @throws DataError when a label is not in 0 … classes−1
 */
export function longTailIndices(
  labels: Int32Array,
  classes: number,
  { n0, imbalance }: LongTail,
): Int32Array<ArrayBuffer> {
  const counts = longTailCounts(n0, classes, imbalance);
  const positions = positionsByClass(labels, classes);
  const short = counts.findIndex((count, k) => positions[k].length < count);
  if (short >= 0) {
    const largest = Math.min(
      ...positions.map((available, k) => Math.floor(available.length / decay(k, classes, imbalance))),
    );
    throw new ConfigError(
      `Long tail: class ${short} needs ${counts[short]} samples, the data has ${positions[short].length}; ` +
        `${largest > 0 ? `use n0 of at most ${largest} or change the imbalance` : 'every class must have samples'}.`,
    );
  }
  return Int32Array.from(counts.flatMap((count, k) => positions[k].slice(0, count)));
}

/**
 * Splits samples at random so that each class keeps its share on both sides: round(fraction·n_k) of the n_k samples of class k go
 * to validation, but at least one to each side where n_k ≥ 2; a single sample stays in training.
 *
 * @param fraction share of the validation side, between 0 and 1
 * @param indices the samples to split, default all
 * @returns positions in `labels`, ascending; together they are exactly the given samples
 * @throws ConfigError when the fraction or an index is out of range
 * @throws DataError when a label is not in 0 … classes−1
 */
export function stratifiedSplit(
  labels: Int32Array,
  classes: number,
  fraction: number,
  random: Random,
  indices?: Int32Array,
): { train: Int32Array<ArrayBuffer>; validation: Int32Array<ArrayBuffer> } {
  if (!(fraction > 0 && fraction < 1)) {
    throw new ConfigError(
      `Split: the validation fraction must lie strictly between 0 and 1, got ${String(fraction)}; 0.2 is usual.`,
    );
  }
  const train: number[] = [];
  const validation: number[] = [];
  for (const positions of positionsByClass(labels, classes, indices)) {
    const n = positions.length;
    const held = n < 2 ? 0 : Math.min(Math.max(Math.round(fraction * n), 1), n - 1);
    random.shuffle(positions).forEach((position, rank) => {
      (rank < held ? validation : train).push(position);
    });
  }
  return { train: Int32Array.from(train).sort(), validation: Int32Array.from(validation).sort() };
}
