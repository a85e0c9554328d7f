import type { Value } from '../../ir/index.js';
import { broadcastTo, div, greater, mul, reshape, select, softmax, sum, transpose } from '../../ops/index.js';
import { tensor } from '../../tensor/index.js';
import { cellLosses } from './cell-losses.js';
import { cellMeans, cellsOf } from './cells.js';
import type { Objective } from './objective.js';
import { smoothSpread } from './smooth-maximum.js';

export interface FairnessOptions {
  /** G, any number. */
  readonly groups: number;
  /** T of the smooth spread, in the units of what is compared: nats for losses, probability for rates. */
  readonly temperature?: number;
}

/**
 * Difference of equal opportunity, Σ_y spread over g of the mean cross-entropies L_{y,g}. With two classes and two groups that is a smooth
 * |L_{+,1} − L_{+,2}| + |L_{−,1} − L_{−,2}| (Li et al. 2021, section 4).
 * @param options.temperature in nats, default 0.1
 */
export const differenceOfOpportunity =
  ({ groups: count, temperature = 0.1 }: FairnessOptions): Objective =>
  (logits, labels, groups, weights) => {
    const { losses, present } = cellLosses(logits, labels, groups, count, weights);
    const byCell = [logits.shape[1]!, count];
    return sum(smoothSpread(reshape(losses, byCell), reshape(present, byCell), temperature));
  };

/**
 * Equalised odds: Σ_y ½ Σ_k spread over g of P(ŷ = k | y, g), ŷ drawn from softmax(f). Of two classes it is the difference of the true positive
 * rates plus that of the false positive rates.
 * @param options.temperature in units of probability, default 0.02
 */
export const equalisedOdds =
  ({ groups: count, temperature = 0.02 }: FairnessOptions): Objective =>
  (logits, labels, groups, weights) => {
    const classes = logits.shape[1]!;
    const { means, present } = cellMeans(softmax(logits), cellsOf(labels, groups, count), classes * count, weights);
    // [y, g, k] → [y, k, g]
    const rates = transpose(reshape(means, [classes, count, classes]), [0, 2, 1]);
    const known = broadcastTo(reshape(present, [classes, 1, count]), rates.shape);
    return mul(sum(smoothSpread(rates, known, temperature)), 0.5);
  };

export interface ParityOptions extends FairnessOptions {
  /**
   * Samples n_{y,g} [K][G] of the population. Validation batches hold every cell equally often, but P(ŷ | g) is about the classes as they are
   * in each group; without them the batch is taken for a fair sample.
   */
  readonly counts?: readonly (readonly number[])[];
}

/**
 * Demographic parity: ½ Σ_k spread over g of P(ŷ = k | g), ŷ drawn from softmax(f). Of two classes it is the difference of the positive rates.
 * Classes that a group has not in the batch are left out of its mixture.
 * @param options.temperature in units of probability, default 0.02
 */
export const demographicParity =
  ({ groups: count, temperature = 0.02, counts }: ParityOptions): Objective =>
  (logits, labels, groups, weights) => {
    const classes = logits.shape[1]!;
    const p = softmax(logits);
    const { rates, present } = counts
      ? mixed(cellMeans(p, cellsOf(labels, groups, count), classes * count, weights), counts, p)
      : ofBatch(cellMeans(p, cellsOf(mul(labels, 0), groups, count), count, weights));
    // [g, k] → [k, g]
    const known = broadcastTo(reshape(present, [1, count]), [classes, count]);
    return mul(sum(smoothSpread(transpose(rates), known, temperature)), 0.5);
  };

const ofBatch = ({ means, present }: { means: Value; present: Value }) => ({ rates: means, present });

/** Σ_y P(y | g) P(ŷ | y, g), [G, K], over the cells that are there. */
function mixed(
  { means, present }: { means: Value; present: Value },
  counts: readonly (readonly number[])[],
  { shape: [, classes], dtype }: Value,
): { rates: Value; present: Value } {
  const count = counts[0]!.length;
  const shares = select(reshape(present, [classes!, count]), tensor(counts, { dtype }), 0);
  const totals = sum(shares, { axes: 0 });
  const known = greater(totals, 0);
  const weighted = mul(reshape(means, [classes!, count, classes!]), reshape(shares, [classes!, count, 1]));
  const rates = div(sum(weighted, { axes: 0 }), reshape(select(known, totals, 1), [count, 1]));
  return { rates, present: known };
}
