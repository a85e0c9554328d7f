// What a user of the package does, by whichever door it came in: a loss is learned for a long-tailed mixture, and trained under.

const CENTRES = [
  [0, 1],
  [0.9, -0.5],
  [-0.9, -0.5],
];

function mixture({ Random, tableDataset }, perClass, seed) {
  const random = new Random(seed, 'mixture');
  const labels = Int32Array.from({ length: perClass * CENTRES.length }, (_, i) => i % CENTRES.length);
  const numeric = Float32Array.from({ length: 2 * labels.length }, (_, i) => {
    return CENTRES[labels[i >> 1]][i % 2] + 0.6 * random.normal();
  });
  const categorical = { categorical: new Int32Array(0), categoricalColumns: [] };
  return tableDataset({ name: 'mixture', labels, classes: 3, numeric, numericNames: ['x', 'y'], ...categorical });
}

const training = {
  epochs: 12,
  batchSize: 32,
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 1e-4,
  warmupEpochs: 1,
  milestones: [0.7],
  decayFactor: 0.1,
};

const search = {
  warmupEpochs: 2,
  interval: 2,
  innerBatches: 1,
  outerBatches: 1,
  method: { solver: 'cg', iterations: 4 },
  spectrumInterval: 5,
  learningRate: 'auto',
  deltaRate: 0.3,
  clip: 1,
  objective: 'cross-entropy',
  parametrisation: 'softplus',
  learn: ['delta', 'iota'],
};

/** @returns the backend that ran, and the balanced error of each method in percent */
export async function train(autobalance) {
  const { currentBackend, Experiment, mlp, stagesOfAll } = autobalance;
  const data = { train: mixture(autobalance, 400, 1), test: mixture(autobalance, 300, 2) };
  const model = mlp({ classes: 3, numeric: 2, categories: [], hidden: [16] });
  const experiment = new Experiment(model, data, stagesOfAll(['cross-entropy', 'autobalance']), {
    seed: 1,
    longTail: { n0: 400, imbalance: 40 },
    training,
    search,
    searchEpochs: 12,
    validationFraction: 0.4,
    start: 'cross-entropy',
  });
  while (!experiment.done) await experiment.step();
  const errors = [...experiment.results].map(([method, { balancedError }]) => [method, balancedError]);
  return { backend: currentBackend().info().name, errors: Object.fromEntries(errors) };
}
