import type { AugmentationSettings } from './augmentation/index.js';
import type { ClusterSettings, Expansion, LossLayout, LossPart, Parametrisation } from './loss/index.js';
import type { Objective, ObjectiveSetting } from './objectives/index.js';
import type { SolverSettings } from './solver-settings.js';

/** How α is learned. */
export interface SearchSettings {
  /** Epochs that train θ alone before α moves. */
  readonly warmupEpochs: number;
  /** Steps of θ between two hypergradients. */
  readonly interval: number;
  /** Training batches behind the Hessian and, unless `mixedBatches` says otherwise, the mixed product. */
  readonly innerBatches: number;
  /** Training batches behind the mixed product alone, which is noisier than the Hessian where augmentation is learned. */
  readonly mixedBatches?: number;
  /** Validation batches behind the objective's gradient, with every class (or cell of class and group) equally often. */
  readonly outerBatches: number;
  readonly method: SolverSettings;
  /** Hypergradients between two estimates of the Hessian's spectrum; a solve that diverges takes a new one at once. */
  readonly spectrumInterval: number;
  /** Learning rate of Adam on α: about the most that an element of ι moves in one step. `auto` goes by the number of updates. */
  readonly learningRate: number | 'auto';
  /** Steps of Δ's number relative to those of ι: Δ multiplies logits of size 5 to 10, so the same step does that much more. */
  readonly deltaRate: number;
  /** Largest norm of a hypergradient; a longer one is shortened. One bad minibatch must not undo fifty good ones. */
  readonly clip: number;
  /** By name or setting, or any differentiable function (which then cannot be written into a configuration file). */
  readonly objective: ObjectiveSetting | Objective;
  readonly parametrisation: Parametrisation;
  /** Parts of the loss to learn; may be empty where augmentation is learned. */
  readonly learn: readonly LossPart[];
  /** Augmentation policies to learn beside them, for images. Default none. */
  readonly augmentation?: AugmentationSettings;
  /** What a value of its own is learned for. Default `class`. */
  readonly by?: LossLayout;
  /** Classes that share their values. Default: each has its own. */
  readonly clusters?: ClusterSettings;
  /** How the values of clusters are retrained under. Default `constant`. */
  readonly expansion?: Expansion;
  /** Splits to search on at once, each sample held out from one of them. Default: one split, of which the experiment says how large. */
  readonly folds?: number;
  /**
   * Share of the planned updates without a new best averaged objective, after which the search ends (at the end of its epoch). Default: it goes
   * on to its last epoch.
   */
  readonly patience?: number;
  /** The published code, quirks included: see `referenceSearch`. */
  readonly compat?: 'reference';
}
