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
    search,
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
