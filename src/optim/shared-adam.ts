import { flatten, mapTrees, type Value } from '../ir/index.js';
import { add, div, expm1, mean, mul, neg, sqrt, square, sub } from '../ops/index.js';
import { zeros } from '../tensor/index.js';

/** The first moment of every number, one second moment for each tensor, and the number of steps. */
export interface SharedAdamState<P> {
  readonly first: P;
  readonly second: P;
  /** A scalar, so that a compiled step stays one program. */
  readonly step: Value;
}

export interface SharedAdamOptions {
  /** What a number moves by whose gradient is the root of its tensor's mean square. */
  readonly learningRate: Value | number;
}

export const initSharedAdam = <P>(params: P): SharedAdamState<P> => ({
  first: mapTrees((p) => zeros(p.shape, p.dtype), params),
  second: mapTrees((p) => zeros([], p.dtype), params),
  step: zeros([], flatten(params).leaves[0]?.dtype),
});

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-12;

/** 0 of a tensor without elements, such as the magnitudes of a policy that only mirrors. */
const meanSquare = (g: Value): Value => (g.size === 0 ? zeros([], g.dtype) : mean(square(g)));

/**
 * One step of Adam with one second moment for a whole tensor of numbers that are all of a kind. Adam itself moves a number of which nothing
 * depends as far as any other, wherever the noise in its gradient drives it; here it stays about where it is.
 */
export function sharedAdam<P>(
  params: P,
  gradients: P,
  { first, second, step }: SharedAdamState<P>,
  { learningRate }: SharedAdamOptions,
): { params: P; state: SharedAdamState<P> } {
  const t = add(step, 1);
  const correction = (beta: number): Value => neg(expm1(mul(t, Math.log(beta))));
  const m = mapTrees((old, g) => add(mul(old, BETA1), mul(g, 1 - BETA1)), first, gradients);
  const v = mapTrees((old, g) => add(mul(old, BETA2), mul(meanSquare(g), 1 - BETA2)), second, gradients);
  const next = mapTrees(
    (p, m1, v1) => {
      const scale = add(sqrt(div(v1, correction(BETA2))), EPSILON);
      return sub(p, mul(div(div(m1, correction(BETA1)), scale), learningRate));
    },
    params,
    m,
    v,
  );
  return { params: next, state: { first: m, second: v, step: t } };
}
