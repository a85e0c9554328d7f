import type { BilevelProblem } from '../../src/bilevel/index.js';
import { Random } from '../../src/data/random.js';
import type { Value } from '../../src/ir/index.js';
import { add, matmul, mul, square, sub, sum } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';
import { inner, matVec, transposed } from './linear-algebra.js';

const f64 = { dtype: 'f64' } as const;

export interface QuadraticOptions {
  /** p */
  readonly size: number;
  /** m */
  readonly hyperSize: number;
  /** Eigenvalues of A, one for each of the p. */
  readonly eigenvalues: readonly number[];
  readonly seed: number;
}

/** What the problem's functions read besides w and λ. */
export type QuadraticBatch = {
  readonly a: Value;
  readonly b: Value;
  readonly c: Value;
  readonly d: Value;
  readonly e: Value;
};

const normals = (random: Random, rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));

/** Columns made orthonormal one after the other, twice over. */
function orthonormal(matrix: readonly (readonly number[])[]): number[][] {
  const basis: number[][] = [];
  for (const row of matrix) {
    let v = [...row];
    for (let pass = 0; pass < 2; pass++) {
      for (const q of basis) {
        const along = inner(v, q);
        v = v.map((x, i) => x - along * q[i]!);
      }
    }
    const length = Math.sqrt(inner(v, v));
    basis.push(v.map((x) => x / length));
  }
  return basis;
}

/** Condition number κ, the largest eigenvalue `scale`, the others spaced geometrically down to scale/κ. */
export const geometric = (size: number, condition: number, scale: number): number[] =>
  Array.from({ length: size }, (_, i) => scale * condition ** (-i / (size - 1)));

/** The problem with its batch; λ is at a random place. */
export const SIGMA = 0.3;
export const quadraticProblem: BilevelProblem<Value, Value, QuadraticBatch> = {
  // ½ wᵀAw − wᵀ(Bλ + c)
  inner: (w, lambda, { a, b, c }) => sub(mul(sum(mul(w, matmul(a, w))), 0.5), sum(mul(w, add(matmul(b, lambda), c)))),
  // ½ ‖Dw − e‖² + ½ σ ‖λ‖²
  outer: (w, lambda, { d, e }) => add(mul(sum(square(sub(matmul(d, w), e))), 0.5), mul(sum(square(lambda)), SIGMA / 2)),
};

/**
 * A random quadratic bilevel problem, everything about it worked out without the engine: A = QΛQᵀ, w* = A⁻¹(Bλ + c), hypergradient
 * σλ + BᵀA⁻¹Dᵀ(Dw* − e).
 */
export function randomQuadratic({ size, hyperSize, eigenvalues, seed }: QuadraticOptions) {
  const random = new Random(seed, 'quadratic');
  const q = orthonormal(normals(random, size, size));
  const spectral =
    (f: (eigenvalue: number) => number) =>
    (v: readonly number[]): number[] => {
      const along = q.map((vector, k) => f(eigenvalues[k]!) * inner(vector, v));
      return v.map((_, i) => q.reduce((total, vector, k) => total + along[k]! * vector[i]!, 0));
    };
  const a = Array.from({ length: size }, (_, i) => spectral((x) => x)(q.map((__, j) => (i === j ? 1 : 0))));
  const b = normals(random, size, hyperSize);
  const [c, lambda, e] = [size, hyperSize, 5].map((n) => Array.from({ length: n }, () => random.normal()));
  const d = normals(random, 5, size);
  const inverse = spectral((x) => 1 / x);
  const target = matVec(b, lambda!).map((x, i) => x + c![i]!);
  const w = inverse(target);
  const residual = matVec(d, w).map((x, i) => x - e![i]!);
  const rightHandSide = matVec(transposed(d), residual);
  const gradient = matVec(transposed(b), inverse(rightHandSide)).map((x, i) => x + SIGMA * lambda![i]!);
  const batch: QuadraticBatch = {
    a: tensor(a, f64),
    b: tensor(b, f64),
    c: tensor(c!, f64),
    d: tensor(d, f64),
    e: tensor(e!, f64),
  };
  return { a, b, d, w, lambda: lambda!, rightHandSide, gradient, eigenvectors: q, batch, spectral };
}

export const vectorOf = (values: readonly number[]): Value => tensor([...values], f64);

/** ‖x − y‖ / ‖y‖ */
export function relativeDistance(x: ArrayLike<number>, y: readonly number[]): number {
  const difference = y.map((value, i) => x[i]! - value);
  return Math.sqrt(inner(difference, difference) / inner(y, y));
}
