import { publishedCifar, publishedSearch, quickCifar } from './common.js';
import type { Preset } from './preset.js';

export const cifar100Lt: Preset = {
  name: 'cifar100-lt',
  description: 'CIFAR-100 with a long tail (imbalance 100), ResNet-32, 200 epochs, clusters of 10; needs --data-dir',
  data: 'cifar100',
  settings: {
    ...publishedCifar,
    longTail: { n0: 500, imbalance: 100 },
    search: { ...publishedSearch, warmupEpochs: 120, interval: 20, clusters: { size: 10 } },
  },
  quick: { ...quickCifar, longTail: { n0: 100 } },
};
