import { DataError } from '../ir/index.js';

function requireRows(logits: ArrayLike<number>, classes: number): void {
  if (Number.isInteger(classes) && classes >= 1 && logits.length % classes === 0) return;
  throw new DataError(`metrics: ${logits.length} logits are not whole rows of ${classes} classes`);
}

/** The largest number of a row; `without` one of them. */
function largestOf(row: ArrayLike<number>, without = -1): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < row.length; k++) if (k !== without) largest = Math.max(largest, row[k]!);
  return largest;
}

/** log Σ exp(row_k − shift); `without` one of them. */
function logSum(row: ArrayLike<number>, shift: number, without = -1): number {
  let sum = 0;
  for (let k = 0; k < row.length; k++) if (k !== without) sum += Math.exp(row[k]! - shift);
  return Math.log(sum);
}

/** The row of each sample, in one array that is written anew. */
function* rows(logits: ArrayLike<number>, classes: number): Generator<{ row: Float64Array; start: number }> {
  const row = new Float64Array(classes);
  for (let start = 0; start < logits.length; start += classes) {
    for (let k = 0; k < classes; k++) row[k] = logits[start + k]!;
    yield { row, start };
  }
}

/**
 * log softmax in f64.
 * @param logits [N, K], row by row
 * @returns log-probabilities, [N, K]
 * @throws {DataError} if the logits are not whole rows
 */
export function logProbabilities(logits: ArrayLike<number>, classes: number): Float64Array<ArrayBuffer> {
  requireRows(logits, classes);
  const result = new Float64Array(logits.length);
  for (const { row, start } of rows(logits, classes)) {
    // Everything relative to the largest, so that rows which differ by a constant tie exactly.
    const largest = largestOf(row);
    const rest = logSum(row, largest);
    for (let k = 0; k < classes; k++) result[start + k] = row[k]! - largest - rest;
  }
  return result;
}

/**
 * log p_k − log(1 − p_k) for each class: orders samples as p_k does, but does not saturate at 0 and 1, where distinct samples would tie.
 * @param logits [N, K], row by row
 * @returns [N, K]; +∞ if there is one class
 * @throws {DataError} if the logits are not whole rows
 */
export function logOdds(logits: ArrayLike<number>, classes: number): Float64Array<ArrayBuffer> {
  requireRows(logits, classes);
  const result = new Float64Array(logits.length);
  for (const { row, start } of rows(logits, classes)) {
    const largest = largestOf(row);
    const total = logSum(row, largest);
    for (let k = 0; k < classes; k++) {
      const logP = row[k]! - largest - total;
      if (logP < -Math.LN2) {
        result[start + k] = logP - Math.log1p(-Math.exp(logP));
        continue;
      }
      // 1 − p loses its digits where p is near 1: sum the others. At most two of a row are so likely.
      const second = largestOf(row, k);
      result[start + k] = row[k]! - second - logSum(row, second, k);
    }
  }
  return result;
}

/**
 * The class with the largest score of each row; of equal ones the first.
 * @param scores [N, K], row by row
 * @throws {DataError} if the scores are not whole rows
 */
export function argmaxRows(scores: ArrayLike<number>, classes: number): Int32Array<ArrayBuffer> {
  requireRows(scores, classes);
  return Int32Array.from({ length: scores.length / classes }, (_, i) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (scores[i * classes + k]! > scores[i * classes + best]!) best = k;
    return best;
  });
}
