import { add, div, expm1, mapTrees, mean, mul, neg, sqrt, square, sub, type Value, zeros } from 'autobalance';

/** The first moment of every number, one second moment for all of a tensor, and the number of steps. */
export interface SharedAdamState<P> {
  readonly first: P;
  readonly second: P;
  readonly step: Value;
}

export const initSharedAdam = <P>(params: P): SharedAdamState<P> => ({
  first: mapTrees((p) => zeros(p.shape), params),
  second: mapTrees(() => zeros([]), params),
  step: zeros([]),
});

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-12;

/**
 * Adam with one second moment for a whole tensor of numbers that are all of a kind. Adam itself moves a number of which nothing depends as far as
 * any other, wherever the noise in its gradient drives it; here it stays about where it is. `rate` is what a number moves by whose gradient is
 * the root of the mean square.
 */
export const sharedAdam = <P>(
  params: P,
  gradient: P,
  { first, second, step }: SharedAdamState<P>,
  rate: number,
): { params: P; state: SharedAdamState<P> } => {
  const t = add(step, 1);
  const correction = (beta: number): Value => neg(expm1(mul(t, Math.log(beta))));
  const m = mapTrees((old, g) => add(mul(old, BETA1), mul(g, 1 - BETA1)), first, gradient);
  const v = mapTrees((old, g) => add(mul(old, BETA2), mul(mean(square(g)), 1 - BETA2)), second, gradient);
  const next = mapTrees(
    (p, m1, v1) => {
      const scale = add(sqrt(div(v1, correction(BETA2))), EPSILON);
      return sub(p, mul(div(div(m1, correction(BETA1)), scale), rate));
    },
    params,
    m,
    v,
  );
  return { params: next, state: { first: m, second: v, step: t } };
};
