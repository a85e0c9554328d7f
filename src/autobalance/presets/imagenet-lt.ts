import { publishedImages, publishedSearch, quickImages } from './common.js';
import type { Preset } from './preset.js';

export const imagenetLt: Preset = {
  name: 'imagenet-lt',
  description: 'ImageNet-LT by its lists, ResNet-50 on 224×224, 150 epochs, clusters of 20; needs --data-dir',
  data: 'image-list',
  settings: {
    ...publishedImages,
    training: { ...publishedImages.training, learningRate: 0.02 },
    search: { ...publishedSearch, warmupEpochs: 40, interval: 30, clusters: { size: 20 } },
  },
  quick: quickImages,
};
