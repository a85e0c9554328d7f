import type { QuadraticBatch } from './bilevel.js';
import { geometric, randomQuadratic, SIGMA } from './bilevel.js';
import { inner, matVec, solve, transposed } from './linear-algebra.js';

type Matrix = readonly (readonly number[])[];

export interface BatchesOptions {
  readonly count: number;
  readonly size: number;
  readonly hyperSize: number;
  /** κ(A) and λ_max(A) of every batch. */
  readonly condition: number;
  readonly scale: number;
  /** ρ */
  readonly weightDecay: number;
  readonly seed: number;
}

const plus = (x: readonly number[], y: readonly number[], factor = 1): number[] => x.map((v, i) => v + factor * y[i]!);
const meanVector = (vectors: Matrix): number[] =>
  vectors[0]!.map((_, i) => vectors.reduce((total, vector) => total + vector[i]!, 0) / vectors.length);
const meanMatrix = (matrices: readonly Matrix[]): number[][] =>
  matrices[0]!.map((_, i) => meanVector(matrices.map((matrix) => matrix[i]!)));
const times = (x: Matrix, y: Matrix): number[][] => x.map((row) => matVec(transposed(y), row));

/** A quadratic bilevel problem split into batches with data of their own; everything about it in plain numbers. */
export function quadraticBatches({ count, condition, scale, weightDecay, seed, ...sizes }: BatchesOptions) {
  const parts = Array.from({ length: count }, (_, i) => {
    const eigenvalues = geometric(sizes.size, condition, scale);
    const part = randomQuadratic({ ...sizes, eigenvalues, seed: seed + 100 * i });
    return { ...part, c: Array.from(part.batch.c.data()), e: Array.from(part.batch.e.data()) };
  });
  const batches: readonly QuadraticBatch[] = parts.map(({ batch }) => batch);
  const hessian = meanMatrix(parts.map(({ a }) => a)).map((row, i) =>
    row.map((x, j) => x + (i === j ? weightDecay : 0)),
  );
  const mixed = meanMatrix(parts.map(({ b }) => b));
  const linear = meanVector(parts.map(({ c }) => c));
  /** ∂f/∂w = Pw − r, means over the batches. */
  const curvature = meanMatrix(parts.map(({ d }) => times(transposed(d), d)));
  const pull = meanVector(parts.map(({ d, e }) => matVec(transposed(d), e)));
  /** Columns of R = H⁻¹B. */
  const answers = transposed(mixed).map((column) => solve(hessian, column));
  const hyperHessian = answers.map((x, i) =>
    answers.map((y, j) => inner(x, matVec(curvature, y)) + (i === j ? SIGMA : 0)),
  );
  const outerGradient = (w: readonly number[]): number[] => plus(matVec(curvature, w), pull, -1);
  return {
    batches,
    hessian,
    lambda: parts[0]!.lambda,
    outerGradient,
    /** Bᵀv */
    pullMixed: (v: readonly number[]): number[] => matVec(transposed(mixed), v),
    /** ∂g/∂w of batch t mod n. */
    innerGradient(t: number, w: readonly number[], lambda: readonly number[]): number[] {
      const { a, b, c } = parts[t % count]!;
      return plus(plus(plus(matVec(a, w), w, weightDecay), matVec(b, lambda), -1), c, -1);
    },
    outer(w: readonly number[], lambda: readonly number[]): number {
      const squares = parts.map(({ d, e }) => plus(matVec(d, w), e, -1)).map((rest) => inner(rest, rest) / 2);
      return squares.reduce((x, y) => x + y, 0) / count + (SIGMA / 2) * inner(lambda, lambda);
    },
    /** w*(λ) of the mean problem. */
    minimum: (lambda: readonly number[]): number[] => solve(hessian, plus(matVec(mixed, lambda), linear)),
    /** argmin of f/μ + g. */
    penalised: (lambda: readonly number[], multiplier: number): number[] =>
      solve(
        hessian.map((row, i) => plus(row, curvature[i]!, 1 / multiplier)),
        plus(plus(matVec(mixed, lambda), linear), pull, 1 / multiplier),
      ),
    /** Hypergradient at any w, with the exact inverse. */
    gradientAt: (w: readonly number[], lambda: readonly number[]): number[] =>
      plus(matVec(transposed(mixed), solve(hessian, outerGradient(w))), lambda, SIGMA),
    /** ∂²F/∂λ² = σI + RᵀPR, F(λ) = f(w*(λ), λ), w* = Rλ + w₀. */
    hyperHessian,
    /** λ of which the hypergradient is 0: ∂²F/∂λ² λ = Rᵀ(r − P·w₀). */
    optimum(): number[] {
      const right = plus(pull, matVec(curvature, solve(hessian, linear)), -1);
      return solve(hyperHessian, matVec(answers, right));
    },
  };
}

/** Gradient of a function of numbers by four-point differences: error of order h⁴. */
export function differencesOf(f: (x: readonly number[]) => number, x: readonly number[], h = 1e-3): number[] {
  const at = (i: number, by: number): number => f(x.map((value, k) => (k === i ? value + by : value)));
  return x.map((_, i) => (8 * (at(i, h) - at(i, -h)) - (at(i, 2 * h) - at(i, -2 * h))) / (12 * h));
}

/** Steps of descent in plain numbers; the update returns the change of w for a gradient. */
export interface Descent {
  /** Starts over: an update has a state. */
  readonly start: (size: number) => (gradient: readonly number[]) => number[];
}

export const momentumDescent = (learningRate: number, momentum: number): Descent => ({
  start(size) {
    let velocity = new Array<number>(size).fill(0);
    return (gradient) => {
      velocity = velocity.map((v, i) => momentum * v + gradient[i]!);
      return velocity.map((v) => -learningRate * v);
    };
  },
});

export const adamDescent = (learningRate: number, beta1: number, beta2: number, epsilon: number): Descent => ({
  start(size) {
    let first = new Array<number>(size).fill(0);
    let second = new Array<number>(size).fill(0);
    let t = 0;
    return (gradient) => {
      t += 1;
      first = first.map((m, i) => beta1 * m + (1 - beta1) * gradient[i]!);
      second = second.map((v, i) => beta2 * v + (1 - beta2) * gradient[i]! ** 2);
      return first.map(
        (m, i) => (-learningRate * m) / (1 - beta1 ** t) / (Math.sqrt(second[i]! / (1 - beta2 ** t)) + epsilon),
      );
    };
  },
});

/** w after `steps` steps from `w`. */
export function descend(
  { start }: Descent,
  gradient: (t: number, w: readonly number[]) => readonly number[],
  w: readonly number[],
  steps: number,
): number[] {
  const update = start(w.length);
  let at = [...w];
  for (let t = 0; t < steps; t++) at = plus(at, update(gradient(t, at)));
  return at;
}
