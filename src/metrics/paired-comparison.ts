import { DataError, NumericError } from '../ir/index.js';
import { bootstrap, type Statistic } from './bootstrap.js';
import { studentCdf, studentQuantile } from './distributions.js';
import { weightedMean } from './mean.js';
import type { Interval } from './wilson.js';

/** Two methods measured on the same seeds; differences are first − second. */
export interface PairedComparison {
  readonly pairs: number;
  readonly differences: readonly number[];
  readonly mean: number;
  /** Of the differences, with n − 1; NaN of one pair. */
  readonly standardDeviation: number;
  /** Student's interval of the mean difference. [NaN, NaN] of one pair. */
  readonly student: Interval;
  /** Bootstrap interval of the mean difference, over the pairs. Of fewer than ten pairs it is too short (about (n−1)/n in variance). */
  readonly bootstrap: Interval;
  /** Two-sided p value of the paired t test; NaN of one pair. */
  readonly p: number;
  /** Pairs in which the first is below, equal, above. */
  readonly below: number;
  readonly equal: number;
  readonly above: number;
}

/**
 * Paired comparison over seeds: what both methods share (split, initial weights, order of the samples) cancels in the differences.
 *
 * With a handful of seeds Student's interval is the one to read: it pays for not knowing the spread, where the bootstrap does not.
 * @param first, second the figure of each method at each seed, in the same order
 * @throws {DataError} if they differ in number or are none; {NumericError} if one is not finite
 */
export function pairedComparison(
  first: readonly number[],
  second: readonly number[],
  {
    seed = 0,
    level = 0.95,
    resamples = 10_000,
  }: {
    readonly seed?: number;
    readonly level?: number;
    readonly resamples?: number;
  } = {},
): PairedComparison {
  if (first.length !== second.length || first.length === 0) {
    throw new DataError(
      `paired comparison: needs as many figures of both methods and at least one, got ${first.length} and ${second.length}`,
    );
  }
  const bad = [...first, ...second].find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new NumericError(`paired comparison: every figure must be finite, got ${bad}`);
  const pairs = first.length;
  const differences = first.map((value, i) => value - second[i]!);
  const mean = weightedMean(differences);
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardDeviation = pairs > 1 ? Math.sqrt(squares / (pairs - 1)) : Number.NaN;
  const standardError = standardDeviation / Math.sqrt(pairs);
  const reach = pairs > 1 ? studentQuantile((1 + level) / 2, pairs - 1) * standardError : Number.NaN;
  const meanOf: Statistic = (weights) => weightedMean(differences, weights);
  const { low, high } = bootstrap({ mean: meanOf }, pairs, { seed, level, resamples }).mean;
  return {
    pairs,
    differences,
    mean,
    standardDeviation,
    student: [mean - reach, mean + reach],
    bootstrap: [low, high],
    p: pValue(mean, standardError, pairs),
    below: differences.filter((value) => value < 0).length,
    equal: differences.filter((value) => value === 0).length,
    above: differences.filter((value) => value > 0).length,
  };
}

function pValue(mean: number, standardError: number, pairs: number): number {
  if (pairs < 2) return Number.NaN;
  // All differences equal: certain if they are not 0, and nothing at all if they are.
  if (standardError === 0) return mean === 0 ? 1 : 0;
  return 2 * studentCdf(-Math.abs(mean / standardError), pairs - 1);
}
