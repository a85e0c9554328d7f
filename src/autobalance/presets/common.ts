import type { MethodName } from '../methods.js';

/** Cross-entropy, the strongest fixed loss that needs only counts, and the learned one. */
export const usualMethods: readonly MethodName[] = ['cross-entropy', 'logit-adjustment', 'autobalance'];

/** SGD as the published code has it for CIFAR, with the drops that half of its epochs and fewer allow. */
export const training = {
  batchSize: 128,
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 1e-4,
  warmupEpochs: 5,
  milestones: [0.73, 0.87],
  decayFactor: 0.1,
} as const;

/**
 * Chosen on a development split (n_0 = 5000; images 5000 to 5999 of each class of the Fashion-MNIST training set, which the long tail leaves
 * unused; MNIST likewise, n_0 = 4400). Step size and damping of the solver are automatic.
 */
export const search = {
  warmupEpochs: 6,
  interval: 10,
  innerBatches: 2,
  outerBatches: 4,
  method: { solver: 'neumann', iterations: 5 },
  spectrumInterval: 5,
  learningRate: 0.05,
  deltaRate: 0.3,
  clip: 1,
  objective: 'calibrated',
  parametrisation: 'softplus',
  learn: ['delta', 'iota'],
} as const;
