import type { Value } from '../../ir/index.js';
import { equal, exp, logSoftmax, logSumExp, mean, mul, neg, oneHot, select, sub, sum } from '../../ops/index.js';
import type { LossBaseline, LossBatch } from './baseline.js';
import { requireSetting } from './require.js';

/**
 * Mean of −(1 − p_y)^γ log p_y. log(1 − p_y) comes from the other classes' logits, so that neither it nor any derivative breaks down where p_y
 * rounds to 1.
 */
export function focalLoss(logits: Value, labels: Value, gamma: number): Value {
  const own = oneHot(labels, logits.shape[1]!, logits.dtype);
  const logP = logSoftmax(logits);
  // exp of −10³⁰ is 0 in every precision.
  const others = logSumExp(select(equal(own, 1), -1e30, logits), { axes: 1 });
  const logRest = sub(others, logSumExp(logits, { axes: 1 }));
  return neg(mean(mul(exp(mul(logRest, gamma)), sum(mul(own, logP), { axes: 1 }))));
}

export const focalBaseline: LossBaseline<{ gamma: number }> = {
  kind: 'loss',
  name: 'focal',
  summary: 'focal loss: samples weighted by (1 − p)^gamma',
  source: 'Lin et al. 2017',
  needs: 'classes',
  settings: { gamma: 1 },
  loss(_, { gamma }) {
    requireSetting(gamma >= 0, 'focal', 'gamma must not be negative', gamma);
    return {
      numbers: () => ({}),
      memory: {},
      apply: ({ logits, labels }: LossBatch, _numbers, memory) => ({ loss: focalLoss(logits, labels, gamma), memory }),
    };
  },
};
