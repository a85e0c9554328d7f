import { ConfigError } from '../ir/index.js';
import { requireScores } from './check.js';
import { argmaxRows } from './probabilities.js';

/** Of each sample: the probability of the predicted class, and whether it is the right one (1 or 0). */
export interface Confidences {
  readonly confidence: Float64Array;
  readonly correct: Float64Array;
}

/** Samples whose confidence lies in (low, high]. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  /** Samples, or the sum of their weights. */
  readonly count: number;
  /** Mean confidence, and share that is right; NaN of an empty bin. */
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Calibration {
  /** Expected calibration error: Σ count/N · |accuracy − confidence|, from 0 to 1. */
  readonly expectedError: number;
  readonly bins: readonly ReliabilityBin[];
}

/** Number of bins that the literature reports with. */
export const CALIBRATION_BINS = 15;

/**
 * @param probabilities [N, K], row by row
 * @throws {DataError|NumericError} on labels or probabilities that cannot be
 */
export function confidences(probabilities: ArrayLike<number>, labels: ArrayLike<number>, classes: number): Confidences {
  requireScores(probabilities, labels, classes);
  const predictions = argmaxRows(probabilities, classes);
  return {
    confidence: Float64Array.from(predictions, (k, i) => probabilities[i * classes + k]!),
    correct: Float64Array.from(predictions, (k, i) => (k === labels[i] ? 1 : 0)),
  };
}

/**
 * Calibration over equally wide bins ((m−1)/M, m/M] of the confidence (Guo et al. 2017, equation 5). A confidence of 0 belongs to the first.
 * @param weights how often each sample counts; default once
 * @throws {ConfigError} unless bins is an integer of at least 1
 */
export function calibration(
  { confidence, correct }: Confidences,
  { bins = CALIBRATION_BINS, weights }: { readonly bins?: number; readonly weights?: ArrayLike<number> } = {},
): Calibration {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new ConfigError(`calibration: bins must be an integer of at least 1, got ${bins}`);
  }
  const [count, sure, right] = [new Float64Array(bins), new Float64Array(bins), new Float64Array(bins)];
  for (let i = 0; i < confidence.length; i++) {
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence[i]! * bins) - 1));
    const weight = weights?.[i] ?? 1;
    count[bin]! += weight;
    sure[bin]! += weight * confidence[i]!;
    right[bin]! += weight * correct[i]!;
  }
  let [gap, total] = [0, 0];
  for (let bin = 0; bin < bins; bin++) {
    gap += Math.abs(right[bin]! - sure[bin]!);
    total += count[bin]!;
  }
  return {
    expectedError: gap / total,
    bins: Array.from(count, (size, bin) => ({
      low: bin / bins,
      high: (bin + 1) / bins,
      count: size,
      confidence: sure[bin]! / size,
      accuracy: right[bin]! / size,
    })),
  };
}
