import type { Dataset, Experiment, InputOf, Model, PresetSettings } from 'autobalance/browser';
import type { Points, View } from './messages.js';

/** A network as it stands. */
export interface Network<P, S> {
  readonly params: P;
  readonly state: S;
}

/** Something to be learned, and how it is looked at. */
export interface Scenario<P, S, D extends Dataset> {
  readonly model: Model<P, S, InputOf<D>>;
  /** All but the imbalance and the objective. */
  readonly settings: Pick<PresetSettings, 'training' | 'search' | 'searchEpochs' | 'validationFraction'>;
  /** Samples of the largest class. */
  readonly n0: number;
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

/** The same for both, as far as their sizes allow: the recipe of the presets, with fewer samples and so smaller batches. */
export const training = {
  batchSize: 64,
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 1e-4,
  warmupEpochs: 2,
  milestones: [0.7, 0.9],
  decayFactor: 0.1,
} as const;

export const search = {
  warmupEpochs: 4,
  interval: 3,
  innerBatches: 1,
  outerBatches: 2,
  spectrumInterval: 5,
  learningRate: 'auto',
  deltaRate: 0.3,
  clip: 1,
  objective: 'cross-entropy',
  parametrisation: 'softplus',
  learn: ['delta', 'iota'],
} as const;
