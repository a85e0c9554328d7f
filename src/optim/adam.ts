import { flatten, mapTrees, type Value } from '../ir/index.js';
import { add, div, expm1, lessEqual, mul, neg, select, sqrt, square, sub } from '../ops/index.js';
import { zeros } from '../tensor/index.js';

/** First and second moments, and the number of steps taken. */
export interface AdamState<P> {
  readonly first: P;
  readonly second: P;
  /** A scalar, so that a compiled step stays one program. */
  readonly step: Value;
}

export interface AdamOptions {
  readonly learningRate: Value | number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

export const initAdam = <P>(params: P): AdamState<P> => {
  const zero = mapTrees((p) => zeros(p.shape, p.dtype), params);
  return { first: zero, second: zero, step: zeros([], flatten(params).leaves[0]?.dtype) };
};

/**
 * One step of Adam (Kingma and Ba 2015) with bias correction. The step does not depend on the gradient's scale, which is why it is the
 * default for hyperparameters: a hypergradient's scale changes with the solver's step size.
 */
export function adam<P>(
  params: P,
  gradients: P,
  { first, second, step }: AdamState<P>,
  { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
): { params: P; state: AdamState<P> } {
  const t = add(step, 1);
  // 1 − βᵗ, accurate also for t = 1, where 1 − 0.999 in f32 would keep four digits.
  const correction = (beta: number): Value => neg(expm1(mul(t, Math.log(beta))));
  const m = mapTrees((old, g) => add(mul(old, beta1), mul(g, 1 - beta1)), first, gradients);
  const v = mapTrees((old, g) => add(mul(old, beta2), mul(square(g), 1 - beta2)), second, gradients);
  const next = mapTrees(
    (p, m1, v1) => {
      const scale = add(rootOf(div(v1, correction(beta2))), epsilon);
      return sub(p, mul(div(div(m1, correction(beta1)), scale), learningRate));
    },
    params,
    m,
    v,
  );
  return { params: next, state: { first: m, second: v, step: t } };
}

/**
 * √v with derivative 0 where v = 0. A second moment is 0 only if every gradient so far was, so it moves by squares of their changes, and the
 * infinite slope of the root would make NaN of 0 · ∞.
 */
function rootOf(v: Value): Value {
  const still = lessEqual(v, 0);
  return select(still, 0, sqrt(select(still, 1, v)));
}
