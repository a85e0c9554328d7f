import type { Value } from '../../ir/index.js';
import type { DenseParams, RetrainedHead } from '../../nn/index.js';
import type { Table } from '../loss/index.js';

/** What a training loss sees of a batch: logits [N, K], labels i32 [N], groups i32 [N] where the data has them. */
export interface LossBatch {
  readonly logits: Value;
  readonly labels: Value;
  readonly groups?: Value | undefined;
}

/**
 * A loss to train under. Its numbers N, and whatever it remembers from batch to batch (M), are trees of tensors outside it, so that one compiled
 * step serves every set of numbers, and a run can be saved.
 */
export interface TrainingLoss<N, M> {
  /** The numbers at this point of the training, asked for before every step. @param progress share of the steps done, from 0 to below 1 */
  readonly numbers: (progress: number) => N;
  /** What it remembers at the start; an empty tree for most. */
  readonly memory: M;
  /** Mean loss over the batch, differentiable in the logits, and what to remember. Losses that share this function share a program. */
  readonly apply: (batch: LossBatch, numbers: N, memory: M) => { readonly loss: Value; readonly memory: M };
}

/** A loss of which only whoever made it knows the trees. */
// biome-ignore lint/suspicious/noExplicitAny: N and M stand on both sides of functions, so no other type has all losses for instances.
export type AnyTrainingLoss = TrainingLoss<any, any>;

/** What a baseline is made from. */
export interface BaselineContext {
  /** Training samples n_k [K], or n_{k,g} [K][G] where the data has groups. */
  readonly counts: Table;
}

/** Numbers that a baseline can be told, each with its usual value. */
export type BaselineSettings = Readonly<Record<string, number>>;

interface Described<S extends BaselineSettings> {
  readonly name: string;
  /** One line for help texts and tables. */
  readonly summary: string;
  /** Whom it is by. */
  readonly source: string;
  /** Whether class counts are enough, or samples must carry groups. */
  readonly needs: 'classes' | 'groups';
  readonly settings: S;
}

/** Trains the network under a loss of its own. */
export interface LossBaseline<S extends BaselineSettings = BaselineSettings> extends Described<S> {
  readonly kind: 'loss';
  /** @throws {ConfigError} on settings out of range, or counts that it cannot use */
  loss(context: BaselineContext, settings: S): AnyTrainingLoss;
  /** Scale of the cosine classifier that takes the place of the model's last layer; absent for the layer itself. */
  cosineScale?(settings: S): number;
}

/** Changes the last layer of the network that plain cross-entropy has trained, by a formula. */
export interface AdjustBaseline<S extends BaselineSettings = BaselineSettings> extends Described<S> {
  readonly kind: 'adjust';
  adjust(head: DenseParams, context: BaselineContext, settings: S): DenseParams;
}

/**
 * Trains the last layer of that network again, with the body frozen, under plain cross-entropy on batches that hold every class equally often,
 * for `share` of the epochs.
 */
export interface RetrainBaseline<S extends BaselineSettings = BaselineSettings> extends Described<S> {
  readonly kind: 'classifier';
  // biome-ignore lint/suspicious/noExplicitAny: what it trains is its own business; see AnyTrainingLoss.
  readonly head: RetrainedHead<any>;
}

/** A fixed method to compare with. Adding one is writing one file and listing it in `registry.ts`. */
export type Baseline<S extends BaselineSettings = BaselineSettings> =
  | LossBaseline<S>
  | AdjustBaseline<S>
  | RetrainBaseline<S>;
