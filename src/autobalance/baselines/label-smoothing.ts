import type { Value } from '../../ir/index.js';
import { crossEntropyPerSample } from '../../losses/index.js';
import { add, logSoftmax, mean, mul } from '../../ops/index.js';
import type { LossBaseline, LossBatch } from './baseline.js';
import { requireSetting } from './require.js';

/** Mean cross-entropy against (1 − ε)·onehot(y) + ε/K. */
export const smoothedCrossEntropy = (logits: Value, labels: Value, epsilon: number): Value =>
  add(mul(mean(crossEntropyPerSample(logits, labels)), 1 - epsilon), mul(mean(logSoftmax(logits)), -epsilon));

export const labelSmoothingBaseline: LossBaseline<{ epsilon: number }> = {
  kind: 'loss',
  name: 'label-smoothing',
  summary: 'cross-entropy against labels of which a share epsilon is spread over all classes',
  source: 'Szegedy et al. 2016',
  needs: 'classes',
  settings: { epsilon: 0.1 },
  loss(_, { epsilon }) {
    requireSetting(epsilon >= 0 && epsilon < 1, 'label-smoothing', 'epsilon must be from 0 to below 1', epsilon);
    return {
      numbers: () => ({}),
      memory: {},
      apply: ({ logits, labels }: LossBatch, _numbers, memory) => ({
        loss: smoothedCrossEntropy(logits, labels, epsilon),
        memory,
      }),
    };
  },
};
