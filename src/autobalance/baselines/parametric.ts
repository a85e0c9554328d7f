import { type ClassLoss, type ClassLossNumbers, classLoss, parametricCrossEntropy } from '../loss/index.js';
import type { LossBatch, TrainingLoss } from './baseline.js';

type Nothing = Record<string, never>;

const apply = ({ logits, labels, groups }: LossBatch, numbers: ClassLoss, memory: Nothing) => ({
  loss: parametricCrossEntropy(logits, labels, numbers, groups),
  memory,
});

/** Training under the parametric cross-entropy. @param current its tensors, asked for before every step: the search moves them */
export const movingLoss = (current: () => ClassLoss): TrainingLoss<ClassLoss, Nothing> => ({
  numbers: current,
  memory: {},
  apply,
});

/** Training under the parametric cross-entropy with these numbers. */
export function parametricLoss(numbers: ClassLossNumbers): TrainingLoss<ClassLoss, Nothing> {
  const loss = classLoss(numbers);
  return movingLoss(() => loss);
}
