import type { DType, Value } from '../ir/index.js';
import type { NormalSource } from './init.js';

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
}
