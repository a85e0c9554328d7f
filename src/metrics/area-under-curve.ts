import { DataError, NumericError } from '../ir/index.js';
import { requireScores } from './check.js';
import { meanOfPresent } from './mean.js';

/** Scores in ascending order, prepared once for many weightings of the same samples. */
export interface RankedScores {
  readonly order: Int32Array;
  /** Where in `order` each run of equal scores ends. */
  readonly ends: readonly number[];
}

/** Cost N log N. @throws {NumericError} if a score is NaN */
export function rankScores(scores: ArrayLike<number>): RankedScores {
  const order = Int32Array.from({ length: scores.length }, (_, i) => i);
  for (const i of order) {
    if (Number.isNaN(scores[i])) {
      throw new NumericError(`area under the curve: every score must be a number, got NaN for sample ${i}`);
    }
  }
  order.sort((i, j) => (scores[i]! < scores[j]! ? -1 : scores[i]! > scores[j]! ? 1 : 0));
  const ends: number[] = [];
  for (let at = 1; at <= order.length; at++) {
    if (at === order.length || scores[order[at]!] !== scores[order[at - 1]!]) ends.push(at);
  }
  return { order, ends };
}

/** The area from ranked scores; NaN unless there are samples of both kinds. Cost N. */
export function rankedAreaUnderCurve(
  { order, ends }: RankedScores,
  positive: (sample: number) => boolean,
  weights?: ArrayLike<number>,
): number {
  let [negatives, positives, pairs, from] = [0, 0, 0, 0];
  for (const to of ends) {
    let [tiedNegatives, tiedPositives] = [0, 0];
    for (let at = from; at < to; at++) {
      const sample = order[at]!;
      const weight = weights?.[sample] ?? 1;
      if (positive(sample)) tiedPositives += weight;
      else tiedNegatives += weight;
    }
    pairs += tiedPositives * (negatives + tiedNegatives / 2);
    negatives += tiedNegatives;
    positives += tiedPositives;
    from = to;
  }
  return pairs / (positives * negatives);
}

/**
 * Area under the ROC curve: the share of pairs of a positive and a negative sample in which the positive one scores more, ties counting one
 * half (Mann and Whitney 1947). NaN unless there are samples of both kinds. Infinite scores are fine.
 * @throws {DataError} if scores and positives differ in number; {NumericError} if a score is NaN
 */
export function areaUnderCurve(scores: ArrayLike<number>, positive: readonly boolean[]): number {
  if (scores.length !== positive.length) {
    throw new DataError(`area under the curve: got ${scores.length} scores for ${positive.length} samples`);
  }
  return rankedAreaUnderCurve(rankScores(scores), (i) => positive[i]!);
}

/** Class k's scores ranked, for each class. @param scores [N, K], row by row */
export const rankByClass = (scores: ArrayLike<number>, classes: number): RankedScores[] =>
  Array.from({ length: classes }, (_, k) =>
    rankScores(Float64Array.from({ length: scores.length / classes }, (_, i) => scores[i * classes + k]!)),
  );

/** The mean from ranked scores over the classes that have both positive and negative samples. Cost NK. */
export const rankedMacroArea = (
  ranked: readonly RankedScores[],
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number => meanOfPresent(ranked.map((scores, k) => rankedAreaUnderCurve(scores, (i) => labels[i] === k, weights)));

/**
 * Mean over the classes of the area under the curve of that class against the rest (one-vs-rest, macro); classes without samples, and one that
 * has all of them, are left out. Cost NK log N.
 * @param scores [N, K], row by row: probabilities, or {@link logOdds}, which order alike but do not saturate
 * @throws {DataError|NumericError} on labels or scores that cannot be
 */
export function macroAreaUnderCurve(scores: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number {
  requireScores(scores, labels, classes);
  return rankedMacroArea(rankByClass(scores, classes), labels);
}
