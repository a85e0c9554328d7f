import {
  add,
  type BilevelProblem,
  crossEntropyPerSample,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  oneHot,
  Random,
  reshape,
  softplus,
  sub,
  sum,
  tensor,
  type Value,
} from '../../../src/index.js';

export const f64 = { dtype: 'f64' } as const;

/** inner = ½ wᵀA w − λᵀw, outer = ½‖w − t‖², so that w* = A⁻¹λ and the hypergradient is A⁻¹(w − t). */
export type QuadraticBatch = { readonly a: Value; readonly t: Value };
export const quadratic: BilevelProblem<Value, Value, QuadraticBatch> = {
  inner: (w, lambda, { a }) => {
    const image = reshape(matmul(a, reshape(w, [w.size, 1])), [w.size]);
    return sub(mul(sum(mul(w, image)), 0.5), sum(mul(lambda, w)));
  },
  outer: (w, _, { t }) => mul(sum(mul(sub(w, t), sub(w, t))), 0.5),
};
export const diagonalBatch = (eigenvalues: readonly number[], target: readonly number[]): QuadraticBatch => ({
  a: tensor(
    eigenvalues.map((value, i) => eigenvalues.map((_, j) => (i === j ? value : 0))),
    f64,
  ),
  t: tensor(target, f64),
});

export type ClassBatch = { readonly x: Value; readonly y: Value };
/** Δ and ι of the parametric cross-entropy. */
export type Hyper = { readonly delta: Value; readonly iota: Value };
export type Network = { readonly first: Value; readonly second: Value };
export const [FEATURES, HIDDEN, CLASSES] = [3, 4, 3];

const random = new Random(11);
const normal = (rows: number, columns: number, scale: number): Value =>
  tensor(
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => scale * random.normal())),
    f64,
  );

export const network: Network = { first: normal(FEATURES, HIDDEN, 0.5), second: normal(HIDDEN, CLASSES, 0.5) };
export const hyper: Hyper = { delta: tensor([1.2, 0.8, 1], f64), iota: tensor([0.5, -0.1, 0.2], f64) };
export const classBatch = (count: number): ClassBatch => ({
  x: normal(count, FEATURES, 1),
  y: tensor(
    Int32Array.from({ length: count }, (_, i) => i % CLASSES),
    { dtype: 'i32' },
  ),
});

export const outputs = ({ first, second }: Network, { x }: ClassBatch): Value =>
  matmul(softplus(matmul(x, first)), second);
export const adjustedLosses = (logits: Value, { delta, iota }: Hyper, { y }: ClassBatch): Value =>
  neg(sum(mul(oneHot(y, CLASSES, logits.dtype), logSoftmax(add(mul(logits, delta), iota))), { axes: 1 }));

/** A network with one hidden layer under the parametric cross-entropy, with weight decay. */
export const classifier: BilevelProblem<Network, Hyper, ClassBatch> = {
  inner: (w, lambda, batch) => mean(adjustedLosses(outputs(w, batch), lambda, batch)),
  outer: (w, _, batch) => mean(crossEntropyPerSample(outputs(w, batch), batch.y)),
  head: { outputs, loss: (logits, lambda, batch) => mean(adjustedLosses(logits, lambda, batch)) },
  weightDecay: 0.02,
};

export const length = (x: readonly number[]): number => Math.hypot(...x);
export const minus = (x: readonly number[], y: readonly number[]): number[] => x.map((value, i) => value - y[i]!);
export const sumOf = (vectors: readonly (readonly number[])[]): number[] =>
  vectors.reduce<number[]>(
    (total, vector) => total.map((value, i) => value + vector[i]!),
    vectors[0]!.map(() => 0),
  );
