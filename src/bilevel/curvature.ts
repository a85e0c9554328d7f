import { grad, type Linearization, linearizer } from '../ad/index.js';
import type { Value } from '../ir/index.js';
import { Budgeted } from './budget.js';
import { averageOperator, congruence, type LinearOperator, operator, symmetricOperator } from './operator.js';
import { perStructure } from './structured.js';
import { ravel } from './vector.js';

/** A Jacobian as an operator on vectors. */
export const operatorOf = (at: Linearization<[Value], Value>, columns: number): LinearOperator =>
  operator({
    rows: at.value.size,
    columns,
    apply: (v) => at.jvp(v),
    applyTransposed: (u) => at.vjp(u)[0],
    residualBytes: () => at.residualBytes,
  });

type AtVector = (vector: Value, ...context: unknown[]) => Linearization<[Value], Value>;
const hessians = perStructure<readonly [unknown], AtVector>();
const jacobians = perStructure<readonly [unknown], AtVector>();

/**
 * The Hessian H = ∂²loss/∂w² at `at`, a tree of p numbers in all, as an operator on vectors [p] (see `ravel`). `loss(w, ...context)` returns a
 * scalar and is traced once per kind of arguments; `context` (batch, hyperparameters) may be any trees.
 * Costs about two gradients for the linearization and two for each product. @throws {ShapeError} if the loss is no float scalar.
 */
export function hessianOperator<W, C extends readonly unknown[]>(
  loss: (w: W, ...context: C) => Value,
  at: W,
  ...context: C
): LinearOperator {
  const linearized = hessians(loss, [at], ([unravel]) =>
    linearizer(
      (vector: Value, ...rest: unknown[]) =>
        ravel(grad((w: W) => loss(w, ...(rest as unknown as C)))(unravel(vector) as W)).vector,
      { argnums: [0] },
    ),
  );
  const { vector } = ravel(at);
  const kept = linearized(vector, ...context);
  return symmetricOperator(vector.size, (v) => kept.jvp(v), { residualBytes: () => kept.residualBytes });
}

/**
 * The Jacobian J = ∂fn/∂w at `at`, from vectors [p] of the argument to vectors of the (raveled) result; its transpose is the pullback.
 * Costs one evaluation of `fn` with its residuals, two for J·v, two for Jᵀ·u.
 */
export function jacobianOperator<W, R, C extends readonly unknown[]>(
  fn: (w: W, ...context: C) => R,
  at: W,
  ...context: C
): LinearOperator {
  const linearized = jacobians(fn, [at], ([unravel]) =>
    linearizer(
      (vector: Value, ...rest: unknown[]) => ravel(fn(unravel(vector) as W, ...(rest as unknown as C))).vector,
      { argnums: [0] },
    ),
  );
  const { vector } = ravel(at);
  return operatorOf(linearized(vector, ...context), vector.size);
}

/** A model and a loss of its outputs. */
export interface Composite<W, C extends readonly unknown[]> {
  readonly outputs: (w: W, ...context: C) => Value;
  readonly loss: (outputs: Value, ...context: C) => Value;
}

/**
 * The Gauss–Newton matrix JᵀH_ℓJ of loss(outputs(w)): the Hessian without the curvature of the model itself, and positive semidefinite for
 * a loss that is convex in the outputs, as cross-entropy and squares are (Schraudolph 2002). It is flagged so.
 * Costs about one gradient to set up and 4/3 gradients a product. `context` as in {@link hessianOperator}.
 */
export function gaussNewtonOperator<W, C extends readonly unknown[]>(
  { outputs, loss }: Composite<W, C>,
  at: W,
  ...context: C
): LinearOperator {
  const jacobian = jacobianOperator(outputs, at, ...context);
  const z = outputs(at, ...context);
  const curvature = hessianOperator(loss, z, ...context);
  const convex = symmetricOperator(z.size, (v) => curvature.apply(v), {
    definite: 'semidefinite',
    residualBytes: () => curvature.residualBytes,
  });
  return congruence(convex, jacobian);
}

const mixed = perStructure<
  readonly [unknown, unknown],
  (l: Value, w: Value, ...context: unknown[]) => Linearization<[Value], Value>
>();

/**
 * The mixed derivative C = ∂²g/∂w∂λ at (w, λ): from vectors of λ [m] to vectors of w [p]; its transpose gives the hypergradient its indirect
 * part. What λ does not reach costs nothing: if λ enters after the model's outputs, Cᵀq is one forward tangent through the model and a
 * little in the head (method.md §3), which no one needs to say. Costs one gradient to set up.
 */
export function mixedOperator<W, L, C extends readonly unknown[]>(
  g: (w: W, lambda: L, ...context: C) => Value,
  at: W,
  lambda: L,
  ...context: C
): LinearOperator {
  const linearized = mixed(g, [at, lambda], ([unravelW, unravelL]) =>
    linearizer(
      (l: Value, w: Value, ...rest: unknown[]) => {
        const own = unravelL(l) as L;
        return ravel(grad((x: W) => g(x, own, ...(rest as unknown as C)))(unravelW(w) as W)).vector;
      },
      { argnums: [0] },
    ),
  );
  const { vector } = ravel(lambda);
  return operatorOf(linearized(vector, ravel(at).vector, ...context), vector.size);
}

export interface BatchOptions {
  /**
   * Bytes of residuals to keep between products. A batch that does not fit is linearized anew for every product, which costs one more
   * linearization each time. Default ∞.
   */
  readonly memoryBudget?: number;
}

/**
 * The mean of an operator over batches. `make` builds it for one batch, e.g. `(batch) => hessianOperator(loss, w, batch)`.
 * @throws {ConfigError} if there are no batches, or on a budget that is no number of bytes.
 */
export function batchOperator<B>(
  batches: readonly B[],
  make: (batch: B) => LinearOperator,
  { memoryBudget }: BatchOptions = {},
): LinearOperator {
  const store = new Budgeted(batches.length, (i) => make(batches[i]!), memoryBudget);
  return averageOperator(
    batches.length,
    (i) => store.get(i),
    () => store.residualBytes,
  );
}
