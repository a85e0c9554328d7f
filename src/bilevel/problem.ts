import type { Value } from '../ir/index.js';

/**
 * A bilevel problem: choose λ so that the parameters w that minimise `inner(w, λ)` do well on `outer`.
 *
 *     min_λ  outer(w*(λ), λ)      subject to   w*(λ) = argmin_w  inner(w, λ)
 *
 * W, L and B are trees: inner parameters, hyperparameters, and whatever a batch is. Functions return scalars, must be pure, and are traced
 * once per signature; whatever changes from call to call belongs in the batch.
 */
export interface BilevelProblem<W, L, B> {
  readonly outer: (params: W, hyper: L, batch: B) => Value;
  readonly inner: (params: W, hyper: L, batch: B) => Value;
  /**
   * The model and the loss that `inner` is made of: inner = loss(outputs(w, λ), λ). What the Gauss–Newton matrix is built from; nothing else
   * needs it. Where λ enters the outputs, it is held fast in that matrix.
   */
  readonly head?: {
    readonly outputs: (params: W, batch: B, hyper: L) => Value;
    readonly loss: (outputs: Value, hyper: L, batch: B) => Value;
  };
  /** Weight decay c: the inner objective is `inner` + (c/2)‖w‖², and so are its gradient and its Hessian. */
  readonly weightDecay?: number;
}
