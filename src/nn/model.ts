import { type DType, flatten, type Value } from '../ir/index.js';
import type { NormalSource } from './init.js';
import type { DenseParams } from './layers.js';
import type { PyTorchNames } from './pytorch-names.js';

/**
 * A classifier as functions of explicit parameters: nothing is hidden in objects, so derivatives can be taken in anything.
 * `P` are the trained parameters, `S` what training merely updates (running statistics), `X` a batch of inputs (images are one tensor, table
 * rows a numeric and a categorical one); all are trees of tensors.
 */
export interface Model<P, S, X = Value> {
  readonly name: string;
  readonly classes: number;
  /** Fresh parameters; the same for the same random stream. */
  init(random: NormalSource, dtype?: DType): { params: P; state: S };
  /** Logits [N, classes] for a batch of inputs, and the new state (unchanged unless `train`). */
  apply(params: P, state: S, x: X, options: { readonly train: boolean }): { logits: Value; state: S };
  /** What its arrays are called in PyTorch; without, they cannot be exchanged with it. */
  readonly pyTorchNames?: PyTorchNames;
  /** The last dense layer and what lies below it, for methods that put another classifier there. Absent if the model does not end in one. */
  readonly classifier?: Classifier<P, S, X>;
}

/** A model's last layer apart from its body: logits = features · weight + bias. */
export interface Classifier<P, S, X = Value> {
  /** Features [N, F], and the new state. The head is not read. */
  features(params: P, state: S, x: X, options: { readonly train: boolean }): { features: Value; state: S };
  head(params: P): DenseParams;
  withHead(params: P, head: DenseParams): P;
}

/** Draws nothing, for parameters of which only the shapes matter. */
const nothing: NormalSource = { normal: () => 0, uniform: () => 0 };

/** Parameters and state with the right shapes and meaningless numbers; draws no random numbers, which takes seconds for millions of them. */
export const blank = <P, S>(model: Pick<Model<P, S, never>, 'init'>, dtype?: DType): { params: P; state: S } =>
  model.init(nothing, dtype);

/** How many numbers training learns: the elements of `params`, not the running statistics. */
export const parameterCount = <P, S>(model: Pick<Model<P, S, never>, 'init'>): number =>
  flatten(blank(model).params).leaves.reduce((count, leaf) => count + leaf.size, 0);
