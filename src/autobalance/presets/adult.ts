import { search, training } from './common.js';
import type { Preset } from './preset.js';

/**
 * Chosen on a development split of the training rows (70 % to train on, judged on the rest): a mean balanced error of 17.8 % at a DEO of 10.6 over three
 * seeds with λ = 0.3, where cross-entropy has 22.8 and 19.8, Group-DRO 18.2 and 10.5. Gaps are counted in probabilities: that is the DEO of answers
 * drawn from them. The smallest cell has some 470 held-out rows.
 */
export const adult: Preset = {
  name: 'adult',
  description: 'UCI Adult: income above 50,000 dollars, groups by sex, an MLP, 20 epochs; needs --data-dir',
  data: 'adult',
  settings: {
    model: { name: 'mlp', hidden: [64, 32] },
    methods: ['cross-entropy', 'weighted', 'group-dro', 'autobalance'],
    longTail: null,
    data: { group: 'sex' },
    training: { ...training, epochs: 20, batchSize: 256, learningRate: 0.05, warmupEpochs: 2 },
    search: {
      ...search,
      warmupEpochs: 3,
      outerBatches: 8,
      learningRate: 0.1,
      objective: { blend: ['balanced', 'equalised-odds'], lambda: 0.5 },
      by: 'class-group',
    },
    searchEpochs: 12,
    validationFraction: 0.4,
    start: 'cross-entropy',
  },
  quick: {
    model: { hidden: [16] },
    training: { epochs: 4, warmupEpochs: 1 },
    search: { warmupEpochs: 1 },
    searchEpochs: 3,
  },
};
