import {
  type DenseParams,
  dense,
  type ExperimentSettings,
  fanInUniform,
  type ImageDataset,
  imageDataset,
  imageSource,
  type Model,
  type Phase,
  Random,
  reshape,
  type SearchSettings,
  type Snapshot,
  type StepReport,
  type TrainingSettings,
  zeros,
} from '../../src/index.js';

export const SIDE = 8;
export const CLASSES = 3;

/** Images of noise with a bright column block, one block per class; `contrast` against noise of ±60. */
export function toyDataset(perClass: number, seed: number, contrast = 60): ImageDataset {
  const random = new Random(seed, 'toy');
  const labels = Int32Array.from({ length: perClass * CLASSES }, (_, i) => i % CLASSES);
  const images = new Uint8Array(labels.length * SIDE * SIDE);
  labels.forEach((label, sample) => {
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      const bright = Math.floor((pixel % SIDE) / 3) === label ? contrast : 0;
      images[sample * SIDE * SIDE + pixel] = 70 + bright + random.integer(121);
    }
  });
  return imageDataset({ name: 'toy', images, labels, imageShape: [SIDE, SIDE, 1], classes: CLASSES });
}

export const trainingSettings: TrainingSettings = {
  epochs: 3,
  batchSize: 16,
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 1e-3,
  warmupEpochs: 1,
  milestones: [0.7],
  decayFactor: 0.1,
};

export const searchSettings: SearchSettings = {
  warmupEpochs: 1,
  interval: 2,
  innerBatches: 2,
  outerBatches: 2,
  method: { solver: 'cg', iterations: 3, lanczosSteps: 4 },
  spectrumInterval: 2,
  learningRate: 0.05,
  deltaRate: 0.3,
  clip: 1,
  objective: 'cross-entropy',
  parametrisation: 'softplus',
  learn: ['delta', 'iota'],
};

export const experimentSettings: ExperimentSettings = {
  seed: 1,
  longTail: { n0: 40, imbalance: 8 },
  training: trainingSettings,
  search: searchSettings,
  searchEpochs: 4,
  validationFraction: 0.3,
  start: 'cross-entropy',
};

/** Softmax regression on the pixels: the smallest model, and its loss is convex. */
export const linearModel: Model<DenseParams, Record<string, never>> = {
  name: 'linear',
  classes: CLASSES,
  init: (random, dtype) => ({
    params: {
      weight: fanInUniform(random, [SIDE * SIDE, CLASSES], SIDE * SIDE, dtype),
      bias: zeros([CLASSES], dtype),
    },
    state: {},
  }),
  apply: (params, state, x) => ({ logits: dense(reshape(x, [x.shape[0], SIDE * SIDE]), params), state }),
};

export const sourceOf = (dataset: ImageDataset) => imageSource(dataset);
export const allOf = ({ labels }: ImageDataset): Int32Array => Int32Array.from(labels, (_, i) => i);

/** Steps until the phase has done `until` of them. */
export async function runPhase(phase: Phase, until?: number): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  while (phase.completedSteps < (until ?? phase.totalSteps)) reports.push(await phase.step());
  return reports;
}

/** What comes back from a file: numbers as JSON, arrays as copies. */
export function throughFile({ arrays, json }: Snapshot): Snapshot {
  const copies = Object.entries(arrays).map(([name, array]) => [name, { ...array, data: array.data.slice() }]);
  return { arrays: Object.fromEntries(copies), json: JSON.parse(JSON.stringify(json)) };
}
