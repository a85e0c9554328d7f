import { ConfigError } from '../ir/index.js';
import { cellRate, cellSize, type GroupConfusion } from './group-confusion.js';

/** Largest less smallest of the numbers that exist; NaN if fewer than two do. */
function spread(values: readonly number[]): number {
  const present = values.filter((value) => !Number.isNaN(value));
  return present.length < 2 ? Number.NaN : Math.max(...present) - Math.min(...present);
}

const range = (end: number): number[] => Array.from({ length: end }, (_, i) => i);

/** The largest of the numbers that exist; NaN if none does. */
const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => (Number.isNaN(most) || value > most ? value : most), Number.NaN);

const spreadOfRate = (confusion: GroupConfusion, y: number, k: number): number =>
  spread(range(confusion.groups).map((g) => cellRate(confusion, y, g, k)));

/**
 * Difference of equal opportunity, as AutoBalance has it: Σ_y [max_g e(y, g) − min_g e(y, g)], where e(y, g) is the error of class y in group g.
 * With two groups and binary labels that is |e(+, 1) − e(+, 2)| + |e(−, 1) − e(−, 2)|. In percent points, from 0 to 100·K. A cell
 * without samples is left out, and so is a class that fewer than two groups have; NaN if no class is left.
 */
export function deo(confusion: GroupConfusion): number {
  const spreads = range(confusion.classes)
    .map((y) => spreadOfRate(confusion, y, y))
    .filter((value) => !Number.isNaN(value));
  return spreads.length === 0 ? Number.NaN : 100 * spreads.reduce((sum, value) => sum + value, 0);
}

/**
 * Difference of equal opportunity, as Hardt et al. 2016 have it: the spread over the groups of the true-positive rate of one class.
 * In percent points; NaN if fewer than two groups have that class.
 * @param positive the class that is the favourable outcome; default 1
 * @throws {ConfigError} if there is no such class
 */
export function equalOpportunityDifference(confusion: GroupConfusion, positive = 1): number {
  if (!Number.isInteger(positive) || positive < 0 || positive >= confusion.classes) {
    throw new ConfigError(
      `equal opportunity: the positive class must be one of 0 to ${confusion.classes - 1}, got ${positive}`,
    );
  }
  return 100 * spreadOfRate(confusion, positive, positive);
}

/**
 * Equalised-odds difference: max over pairs (y, k) of classes of the spread over the groups of P(ŷ = k | y, g). For binary labels that is the
 * larger of the spreads of the true-positive and of the false-positive rate (Hardt et al. 2016; Agarwal et al. 2018). In percent points; cells
 * without samples are left out; NaN if no class occurs in two groups.
 */
export function equalizedOddsDifference(confusion: GroupConfusion): number {
  const classes = range(confusion.classes);
  return 100 * largest(classes.flatMap((y) => classes.map((k) => spreadOfRate(confusion, y, k))));
}

/**
 * Demographic-parity difference: max over the classes k of the spread over the groups of P(ŷ = k | g). For binary labels that is the spread of the
 * rate of positive predictions. In percent points; groups without samples are left out; NaN if fewer than two have some.
 */
export function demographicParityDifference(confusion: GroupConfusion): number {
  const classes = range(confusion.classes);
  const rate = (g: number, k: number): number => {
    const taken = classes.reduce((sum, y) => sum + confusion.counts[(g * classes.length + y) * classes.length + k]!, 0);
    return taken / classes.reduce((sum, y) => sum + cellSize(confusion, y, g), 0);
  };
  return 100 * largest(classes.map((k) => spread(range(confusion.groups).map((g) => rate(g, k)))));
}
