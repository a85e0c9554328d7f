import type { Value } from '../../ir/index.js';
import { weightedCrossEntropy } from '../../losses/index.js';
import { tensor } from '../../tensor/index.js';
import { byClass } from '../loss/index.js';
import type { LossBaseline, LossBatch, TrainingLoss } from './baseline.js';
import { requireSamples } from './require.js';

/** Cross-entropy weighted by class and divided by the batch's sum of weights, as PyTorch does; a common factor of the weights cancels. */
export function weightedLoss(weights: readonly number[]): TrainingLoss<Value, Record<string, never>> {
  const numbers = tensor(weights);
  return { numbers: () => numbers, memory: {}, apply };
}

const apply = ({ logits, labels }: LossBatch, weights: Value, memory: Record<string, never>) => ({
  loss: weightedCrossEntropy(logits, labels, weights),
  memory,
});

export const weightedCrossEntropyBaseline: LossBaseline = {
  kind: 'loss',
  name: 'weighted',
  summary: 'cross-entropy, classes weighted by 1/n, divided by the sum of weights in the batch',
  source: '',
  needs: 'classes',
  settings: {},
  loss: ({ counts }) => weightedLoss(requireSamples(byClass(counts), 'weighted').map((count) => 1 / count)),
};
