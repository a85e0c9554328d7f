import { crossEntropyPerSample } from '../../losses/index.js';
import { mul, oneHot, reshape, softmax, sub, sum } from '../../ops/index.js';
import { cellLosses } from './cell-losses.js';
import { cellMeans, cellsOf, meanOfPresent } from './cells.js';
import type { Objective } from './objective.js';
import { smoothMaximum } from './smooth-maximum.js';
import { weightedMean } from './weighted-mean.js';

/** Plain mean of the cross-entropy, so the batch's own balance decides: the balanced objective on batches with every class equally often. */
export const meanCrossEntropy: Objective = (logits, labels, _, weights) =>
  weightedMean(crossEntropyPerSample(logits, labels), weights);

export interface CellOptions {
  /** G; cells are (y, g). Default 1: the cells are the classes. */
  readonly groups?: number;
}

/**
 * Mean over the classes (or the K×G cells) in the batch of their mean cross-entropy: on any batch what weights ∝ 1/π make of the mean. The
 * proxy of the balanced (group-balanced) error.
 */
export const balanced =
  ({ groups: count = 1 }: CellOptions = {}): Objective =>
  (logits, labels, groups, weights) => {
    const { losses, present } = cellLosses(logits, labels, groups, count, weights);
    return meanOfPresent(losses, present);
  };

/**
 * Mean over the classes (or cells) of 1 − p_y: the error of a classifier that draws its answer from softmax(f). Bounded, so a sample that is wrong
 * with certainty counts as one error and no more; usually of calibrated logits.
 */
export const softError =
  ({ groups: count = 1 }: CellOptions = {}): Objective =>
  (logits, labels, groups, weights) => {
    const own = sum(mul(oneHot(labels, logits.shape[1]!, logits.dtype), softmax(logits)), { axes: 1 });
    const { means, present } = cellMeans(
      sub(1, own),
      cellsOf(labels, groups, count),
      logits.shape[1]! * count,
      weights,
    );
    return meanOfPresent(reshape(means, [means.size]), present);
  };

/** Smooth maximum of the cells' mean cross-entropies. @param options.temperature T in nats, default 0.1 */
export const worstGroup =
  ({ groups: count = 1, temperature = 0.1 }: CellOptions & { readonly temperature?: number } = {}): Objective =>
  (logits, labels, groups, weights) => {
    const { losses, present } = cellLosses(logits, labels, groups, count, weights);
    return smoothMaximum(losses, present, temperature);
  };
