import { ConfigError, type Value } from '../ir/index.js';
import { axpy, dot, type LinearOperator, scale } from './operator.js';
import type { SolverResult } from './solver.js';

export interface ConjugateGradientOptions {
  /** Most products to spend. */
  readonly iterations: number;
  /** Relative residual at which to stop. */
  readonly tolerance?: number;
}

/**
 * Conjugate gradients (Hestenes and Stiefel 1952) for a symmetric positive definite A, from x₀ = 0. One product per iteration; exact in as
 * many as A has distinct eigenvalues. Stops at negative curvature with the last iterate before it, and says so.
 * @throws {ConfigError} unless `iterations` is a non-negative integer.
 */
export async function conjugateGradient(
  a: LinearOperator,
  b: Value,
  { iterations, tolerance = 1e-10 }: ConjugateGradientOptions,
): Promise<SolverResult> {
  if (!Number.isSafeInteger(iterations) || iterations < 0) {
    throw new ConfigError(`cg: needs a non-negative whole number of iterations, got ${iterations}`);
  }
  let solution = scale(0, b);
  let residual = b;
  let direction = b;
  let squared = dot(b, b);
  const scaleOfB = Math.sqrt(squared);
  if (scaleOfB === 0) return { solution, status: 'converged', residuals: [0], products: 0 };
  const residuals = [1];
  let products = 0;
  while (products < iterations && residuals.at(-1)! > tolerance) {
    const image = await a.apply(direction);
    products += 1;
    const curvature = dot(direction, image);
    if (!Number.isFinite(curvature))
      return { solution, status: 'diverged', residuals: [...residuals, Number.NaN], products };
    if (curvature <= 0) return { solution, status: 'negative-curvature', residuals, products };
    const step = squared / curvature;
    solution = axpy(step, direction, solution);
    residual = axpy(-step, image, residual);
    const next = dot(residual, residual);
    residuals.push(Math.sqrt(next) / scaleOfB);
    direction = axpy(next / squared, direction, residual);
    squared = next;
  }
  const last = residuals.at(-1)!;
  if (last <= tolerance) return { solution, status: 'converged', residuals, products };
  // CG's residual may rise for a while on its way down, so a value above 1 alone is no divergence; a value that is not finite is.
  return { solution, status: Number.isFinite(last) ? 'truncated' : 'diverged', residuals, products };
}
