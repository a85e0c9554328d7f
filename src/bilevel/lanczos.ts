import { type DType, NumericError, type Value } from '../ir/index.js';
import { tensor } from '../tensor/index.js';
import type { LinearOperator } from './operator.js';
import { tridiagonalEigen } from './tridiagonal.js';
import { axpy, dot, norm, scale } from './vector.js';

/** Extremes of a symmetric operator's spectrum, from a Krylov space. */
export interface SpectrumEstimate {
  /** Largest Ritz value: never above the largest eigenvalue, and close to it after few products. */
  readonly largest: number;
  /** Smallest Ritz value: never below the smallest eigenvalue. */
  readonly smallest: number;
  /** All Ritz values, ascending. */
  readonly ritzValues: readonly number[];
  /**
   * What share of the start lies along each Ritz vector; they sum to 1. With the Ritz values they are the Gauss quadrature of the spectral
   * measure that the start sees.
   */
  readonly weights: readonly number[];
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
  for (let k = 0; k < Math.min(steps, a.columns); k++) {
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
    if (k + 1 === Math.min(steps, a.columns) || rest <= 1e-12 * Math.abs(alpha) || rest === 0) break;
    offDiagonal.push(rest);
    basis.push(scale(1 / rest, w));
  }
  const { values, firstComponents, lastComponents } = tridiagonalEigen(
    diagonal,
    offDiagonal.slice(0, diagonal.length - 1),
  );
  const top = values.length - 1;
  return {
    largest: values[top]!,
    smallest: values[0]!,
    ritzValues: values,
    weights: firstComponents.map((component) => component ** 2),
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
