import { publishedImages, publishedSearch, quickImages } from './common.js';
import type { Preset } from './preset.js';

export const inat18: Preset = {
  name: 'inat18',
  description: 'iNaturalist 2018 by its lists, ResNet-50 on 224×224, 150 epochs, clusters of 40; needs --data-dir',
  data: 'image-list',
  settings: {
    ...publishedImages,
    training: { ...publishedImages.training, learningRate: 0.01 },
    search: { ...publishedSearch, warmupEpochs: 40, interval: 30, clusters: { size: 40 } },
  },
  quick: quickImages,
};
