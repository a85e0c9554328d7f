import { search, training, usualMethods } from './common.js';
import type { Preset } from './preset.js';

/** For data of one's own, as it is: settings to begin with, none of them chosen on any data set but those above. */
const own = {
  methods: usualMethods,
  longTail: null,
  search: { ...search, warmupEpochs: 3, learningRate: 'auto', outerBatches: 8 },
  searchEpochs: 12,
  validationFraction: 0.3,
  start: 'cross-entropy',
} as const;

const quick = { training: { epochs: 6, warmupEpochs: 1 }, search: { warmupEpochs: 2 }, searchEpochs: 5 } as const;

export const table: Preset = {
  name: 'table',
  description: 'your own table: CSV files and schema.yaml in the folder of --data-dir, an MLP, 20 epochs',
  data: 'csv',
  settings: {
    ...own,
    model: { name: 'mlp', hidden: [64, 32] },
    training: { ...training, epochs: 20, batchSize: 256, learningRate: 0.05, warmupEpochs: 2 },
  },
  quick: { ...quick, model: { hidden: [16] } },
};

export const arrays: Preset = {
  name: 'arrays',
  description: 'your own images as .npz, named by --data-dir, a small CNN, 20 epochs',
  data: 'npz',
  settings: {
    ...own,
    model: { name: 'small-cnn', channels: [16, 32, 64] },
    training: { ...training, epochs: 20 },
  },
  quick: { ...quick, model: { channels: [8, 16] } },
};
