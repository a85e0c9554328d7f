import { publishedCifar, publishedSearch, quickCifar } from './common.js';
import type { Preset } from './preset.js';

export const cifar10Lt: Preset = {
  name: 'cifar10-lt',
  description: 'CIFAR-10 with a long tail (imbalance 100), ResNet-32, 200 epochs; needs --data-dir',
  data: 'cifar10',
  settings: {
    ...publishedCifar,
    longTail: { n0: 5000, imbalance: 100 },
    search: { ...publishedSearch, warmupEpochs: 120, interval: 20 },
  },
  quick: { ...quickCifar, longTail: { n0: 500 } },
};
