import type { Value } from '../../ir/index.js';
import { div, greater, mean, mul, select, sum } from '../../ops/index.js';

/** Σ w x / Σ w over all samples [N], or their plain mean without weights; 0 where all weights are 0. */
export function weightedMean(values: Value, weights?: Value): Value {
  if (!weights) return mean(values);
  const total = sum(weights);
  return div(sum(mul(weights, values)), select(greater(total, 0), total, 1));
}
