import type { Dataset, Experiment, InputOf, Model, PresetSettings, SearchSettings } from 'autobalance/browser';
import type { Length, ObjectiveChoice } from './choices.js';
import type { Points, View } from './messages.js';

/** A network as it stands. */
export interface Network<P, S> {
  readonly params: P;
  readonly state: S;
}

/** How much is done. */
export interface Extent {
  /** Samples of the largest class. */
  readonly n0: number;
  /** Of training, and of the search. */
  readonly epochs: number;
  readonly warmupEpochs: number;
  /** Steps between two hypergradients. */
  readonly interval: number;
}

/** Something to be learned, and how it is looked at. */
export interface Scenario<P, S, D extends Dataset> {
  readonly model: Model<P, S, InputOf<D>>;
  readonly extents: Readonly<Record<Length, Extent>>;
  readonly solver: SearchSettings['method'];
  /** Training and test set; the former has enough samples for every imbalance. */
  data(seed: number): Promise<{ readonly train: D; readonly test: D }>;
  /** Training samples to draw. */
  points?(train: D, indices: Int32Array): Points;
  /** Makes what a network is looked at through. */
  viewer(
    experiment: Experiment<P, S, D>,
    data: { readonly train: D; readonly test: D },
  ): Promise<(network: Network<P, S>, predictions: Int32Array) => View>;
}

/** Keeps the types of one scenario together. */
export const scenario = <P, S, D extends Dataset>(all: Scenario<P, S, D>): Scenario<P, S, D> => all;

/** The recipe of the presets, with fewer samples and so smaller batches; validation samples are few, so they get a larger share. */
export const settingsOf = (
  { epochs, warmupEpochs, interval }: Extent,
  method: SearchSettings['method'],
  objective: ObjectiveChoice,
): Pick<PresetSettings, 'training' | 'search' | 'searchEpochs' | 'validationFraction' | 'start'> => ({
  training: {
    epochs,
    batchSize: 64,
    learningRate: 0.1,
    momentum: 0.9,
    weightDecay: 1e-4,
    warmupEpochs: 1,
    milestones: [0.7, 0.9],
    decayFactor: 0.1,
  },
  search: {
    warmupEpochs,
    interval,
    innerBatches: 1,
    outerBatches: 2,
    method,
    spectrumInterval: 5,
    learningRate: 'auto',
    deltaRate: 0.3,
    clip: 1,
    objective,
    parametrisation: 'softplus',
    learn: ['delta', 'iota'],
  },
  searchEpochs: epochs,
  validationFraction: 0.4,
  start: 'cross-entropy',
});
