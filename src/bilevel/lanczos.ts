import { type DType, NumericError, type Value } from '../ir/index.js';
import { tensor } from '../tensor/index.js';
import { axpy, dot, type LinearOperator, norm, scale } from './operator.js';

/** Extremes of a symmetric operator's spectrum, from a Krylov space. */
export interface SpectrumEstimate {
  /** Largest Ritz value: never above the largest eigenvalue, and close to it after few products. */
  readonly largest: number;
  /** Smallest Ritz value: never below the smallest eigenvalue. */
  readonly smallest: number;
  /** All Ritz values, ascending. */
  readonly ritzValues: readonly number[];
  /** Residual of the largest Ritz pair: an eigenvalue lies within this distance of `largest`. */
  readonly uncertainty: number;
}

export interface LanczosOptions {
  /** Products to spend. */
  readonly steps: number;
  /** Where to start; a vector with a part in every eigenvector. */
  readonly start: Value;
}

/**
 * Lanczos iteration with full reorthogonalisation (Golub and Van Loan, §10.1). Costs `steps` products.
 * @throws {NumericError} if a product is not finite.
 */
export async function lanczos(a: LinearOperator, { steps, start }: LanczosOptions): Promise<SpectrumEstimate> {
  const basis: Value[] = [scale(1 / norm(start), start)];
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  let rest = 0;
  for (let k = 0; k < Math.min(steps, a.size); k++) {
    let w = await a.apply(basis[k]!);
    const alpha = dot(w, basis[k]!);
    if (!Number.isFinite(alpha))
      throw new NumericError(`lanczos: product ${k + 1} is not finite; check the loss for NaN`);
    diagonal.push(alpha);
    // Twice is enough: one pass leaves about √ε of the old directions, which brings back copies of eigenvalues found already.
    for (let pass = 0; pass < 2; pass++) {
      for (const q of basis) w = axpy(-dot(w, q), q, w);
    }
    rest = norm(w);
    if (k + 1 === Math.min(steps, a.size) || rest <= 1e-12 * Math.abs(alpha) || rest === 0) break;
    offDiagonal.push(rest);
    basis.push(scale(1 / rest, w));
  }
  const { values, lastComponents } = tridiagonalEigen(diagonal, offDiagonal.slice(0, diagonal.length - 1));
  const top = values.length - 1;
  return {
    largest: values[top]!,
    smallest: values[0]!,
    ritzValues: values,
    uncertainty: rest * Math.abs(lastComponents[top]!),
  };
}

/** A reproducible start: ±1 by a small integer hash, so that no stream of random numbers is drawn from. */
export function signVector(size: number, dtype: DType): Value {
  const signs = Array.from({ length: size }, (_, i) => {
    let h = Math.imul(i + 1, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
    return (h ^ (h >>> 13)) & 1 ? 1 : -1;
  });
  return tensor(signs, { dtype });
}

/**
 * Eigenvalues (ascending) of a symmetric tridiagonal matrix and the last component of each eigenvector, by Jacobi rotations: the
 * matrices are as small as the number of products, and Jacobi is accurate without any special case.
 */
export function tridiagonalEigen(
  diagonal: readonly number[],
  offDiagonal: readonly number[],
): { values: number[]; lastComponents: number[] } {
  const n = diagonal.length;
  const a = diagonal.map((value, i) => {
    const row = new Array<number>(n).fill(0);
    row[i] = value;
    if (i > 0) row[i - 1] = offDiagonal[i - 1]!;
    if (i + 1 < n) row[i + 1] = offDiagonal[i]!;
    return row;
  });
  const vectors = a.map((_, i) => a.map((__, j) => (i === j ? 1 : 0)));
  const rotate = (m: number[][], i: number, j: number, p: number, q: number, c: number, s: number): void => {
    const x = m[i]![j]!;
    const y = m[p]![q]!;
    m[i]![j] = c * x - s * y;
    m[p]![q] = s * x + c * y;
  };
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p]![q]! ** 2;
    if (off === 0) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = a[p]![q]!;
        if (apq === 0) continue;
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * apq);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; k++) rotate(a, k, p, k, q, c, s);
        for (let k = 0; k < n; k++) rotate(a, p, k, q, k, c, s);
        for (let k = 0; k < n; k++) rotate(vectors, k, p, k, q, c, s);
      }
    }
  }
  const order = a.map((_, i) => i).sort((i, j) => a[i]![i]! - a[j]![j]!);
  return { values: order.map((i) => a[i]![i]!), lastComponents: order.map((i) => vectors[n - 1]![i]!) };
}
