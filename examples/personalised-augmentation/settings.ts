import type { Settings } from './compare.js';
import type { Amounts } from './samples.js';

export const FULL: Amounts = { train: 300, validation: 100, test: 10_000 };
/** Minutes instead of a quarter of an hour. */
export const QUICK: Amounts = { train: 100, validation: 50, test: 2000 };

const training = { epochs: 20, batchSize: 128, learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 } as const;

/** Chosen on seed 100 by the error on its validation images; seeds that are reported are others, and no test image decided anything. */
export const settings: Settings = {
  channels: [8, 16, 32],
  spread: 0.5,
  training,
  search: {
    ...training,
    warmupEpochs: 2,
    interval: 4,
    innerBatches: 1,
    mixedBatches: 4,
    outerBatches: 4,
    method: { solver: 'neumann', iterations: 5 },
    policyRate: 0.15,
    spectrumInterval: 5,
  },
};
