import { grad, type Linearization, linearizer, valueAndGrad } from '../ad/index.js';
import { type Compiled, compile } from '../backends/portable.js';
import type { Value } from '../ir/index.js';
import { add, mul, square, sum } from '../ops/index.js';
import type { BilevelProblem } from './problem.js';
import { perStructure, type Unravel } from './structured.js';
import { ravel } from './vector.js';

/** The compiled functions of one problem, all of vectors w [p] and λ [m] and a batch. */
export interface Pieces<B> {
  /** g(w, λ), weight decay included. */
  readonly inner: Compiled<[w: Value, lambda: Value, batch: B], Value>;
  readonly innerGradient: Compiled<[w: Value, lambda: Value, batch: B], Value>;
  /** ∂g/∂λ */
  readonly innerHyperGradient: Compiled<[w: Value, lambda: Value, batch: B], Value>;
  /** f with ∂f/∂w and ∂f/∂λ. */
  readonly outerGradient: Compiled<[w: Value, lambda: Value, batch: B], OuterGradient>;
  /**
   * ∂g/∂w linearized in w and λ at once: the part in w is the Hessian, the part in λ the mixed derivative, and one set of residuals
   * serves both.
   */
  readonly second: (w: Value, lambda: Value, batch: B) => Linearization<readonly [Value, Value], Value>;
}

export interface OuterGradient {
  readonly value: Value;
  /** [p] */
  readonly params: Value;
  /** [m] */
  readonly hyper: Value;
}

const byStructure = perStructure<readonly [unknown, unknown], unknown>();

/** The pieces of `problem` for parameters and hyperparameters like these; made once for each kind. */
export const piecesOf = <W, L, B>(problem: BilevelProblem<W, L, B>, params: W, hyper: L): Pieces<B> =>
  byStructure(problem, [params, hyper], ([unravelW, unravelL]) =>
    makePieces(problem, unravelW as Unravel<W>, unravelL as Unravel<L>),
  ) as Pieces<B>;

function makePieces<W, L, B>(
  { inner, outer, weightDecay = 0 }: BilevelProblem<W, L, B>,
  unravelW: Unravel<W>,
  unravelL: Unravel<L>,
): Pieces<B> {
  // Gradients are taken in the trees and joined afterwards: the adjoint of cutting a vector into leaves would write one whole vector a leaf.
  const innerGradient = (w: Value, lambda: Value, batch: B): Value => {
    const gradient = ravel(grad((params: W) => inner(params, unravelL(lambda), batch))(unravelW(w))).vector;
    return weightDecay === 0 ? gradient : add(gradient, mul(w, weightDecay));
  };
  const innerBoth = grad((params: W, hyper: L, batch: B) => inner(params, hyper, batch), { argnums: 1 });
  const outerBoth = valueAndGrad((params: W, hyper: L, batch: B) => outer(params, hyper, batch), { argnums: [0, 1] });
  return {
    inner: compile((w: Value, lambda: Value, batch: B) => {
      const loss = inner(unravelW(w), unravelL(lambda), batch);
      return weightDecay === 0 ? loss : add(loss, mul(sum(square(w)), weightDecay / 2));
    }),
    innerGradient: compile(innerGradient),
    innerHyperGradient: compile(
      (w: Value, lambda: Value, batch: B) => ravel(innerBoth(unravelW(w), unravelL(lambda), batch)).vector,
    ),
    outerGradient: compile((w: Value, lambda: Value, batch: B) => {
      const { value, grad: gradients } = outerBoth(unravelW(w), unravelL(lambda), batch);
      return { value, params: ravel(gradients[0] as W).vector, hyper: ravel(gradients[1] as L).vector };
    }),
    second: linearizer(innerGradient, { argnums: [0, 1] }),
  };
}
