import type { Value } from '../ir/index.js';
import { div, logSoftmax, mean, mul, neg, oneHot, sum, takeRows } from '../ops/index.js';

/** −log softmax(logits)_label for each sample. logits [N, K], labels i32 [N] → [N]. */
export function crossEntropyPerSample(logits: Value, labels: Value): Value {
  const chosen = oneHot(labels, logits.shape[1]!, logits.dtype);
  return neg(sum(mul(chosen, logSoftmax(logits)), { axes: 1 }));
}

/** Mean cross-entropy over the batch. */
export const crossEntropy = (logits: Value, labels: Value): Value => mean(crossEntropyPerSample(logits, labels));

/** Cross-entropy weighted by class and divided by the batch's sum of weights. `weights` [K]. */
export function weightedCrossEntropy(logits: Value, labels: Value, weights: Value): Value {
  const weight = takeRows(weights, labels);
  return div(sum(mul(weight, crossEntropyPerSample(logits, labels))), sum(weight));
}
