import { publishedImages, publishedSearch, quickImages, training } from './common.js';
import type { Preset } from './preset.js';

/**
 * The network, batches and rates of Sagawa et al. (2020, appendix C), except that its network was trained on ImageNet before and this one starts from
 * random weights. The search holds out from the training images, in which a bird's own ground is common.
 */
export const waterbirds: Preset = {
  name: 'waterbirds',
  description:
    'Waterbirds, groups by background, ResNet-50 on 224×224 from random weights, 300 epochs; needs --data-dir',
  data: 'waterbirds',
  settings: {
    ...publishedImages,
    methods: ['cross-entropy', 'group-weighted', 'group-dro', 'group-vs', 'autobalance'],
    data: { ...publishedImages.data, group: 'place' },
    training: { ...training, epochs: 300, learningRate: 1e-3, warmupEpochs: 0, milestones: [] },
    search: {
      ...publishedSearch,
      warmupEpochs: 20,
      interval: 10,
      objective: { blend: ['group-balanced', 'deo'], lambda: 0.9 },
      by: 'class-group',
    },
    searchEpochs: 100,
    start: 'cross-entropy',
  },
  quick: {
    ...quickImages,
    data: { side: 64, share: 0.5 },
    training: { epochs: 12, learningRate: 0.02 },
    searchEpochs: 10,
  },
};
