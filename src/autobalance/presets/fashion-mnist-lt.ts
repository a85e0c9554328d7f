import { search, training, usualMethods } from './common.js';
import type { Preset } from './preset.js';

export const fashionMnistLt: Preset = {
  name: 'fashion-mnist-lt',
  description: 'Fashion-MNIST with a long tail (imbalance 100), a small CNN, 20 epochs; needs --data-dir',
  data: 'idx',
  settings: {
    model: { name: 'small-cnn', channels: [16, 32, 64] },
    methods: usualMethods,
    longTail: { n0: 6000, imbalance: 100 },
    training: { ...training, epochs: 20 },
    // By the number of updates: with 0.05, ι could not travel far enough at imbalance 200. On a development split, 12 epochs, 8-16-32 filters, seeds 10
    // and 11: balanced error 16.6 % with 0.05, 15.6 % so (logit adjustment 15.1 %); at imbalance 100, seed 10, the same.
    search: { ...search, learningRate: 'auto' },
    searchEpochs: 16,
    validationFraction: 0.2,
    start: 'cross-entropy',
  },
  quick: {
    model: { channels: [8, 16] },
    longTail: { n0: 1000 },
    training: { epochs: 8, warmupEpochs: 1 },
    search: { warmupEpochs: 2, interval: 3 },
    searchEpochs: 6,
  },
};
