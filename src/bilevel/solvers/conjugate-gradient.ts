import { ConfigError } from '../../ir/index.js';
import { shiftOperator } from '../operator.js';
import { tridiagonalEigen } from '../tridiagonal.js';
import { axpy, dot, scale } from '../vector.js';
import { type LinearSolver, type SolverResult, type SolverStatus, trivialResult } from './solver.js';

export interface KrylovOptions {
  /** Most products to spend. */
  readonly iterations: number;
  /** Relative residual at which to stop. Default 1e-10. */
  readonly tolerance?: number;
}

/** @throws {ConfigError} unless `iterations` is a non-negative integer. */
export function requireIterations(name: string, iterations: number): void {
  if (Number.isSafeInteger(iterations) && iterations >= 0) return;
  throw new ConfigError(`${name}: needs a non-negative whole number of iterations, got ${iterations}`);
}

/**
 * Conjugate gradients (Hestenes and Stiefel 1952) for a symmetric positive definite A. One product per iteration, and one more for a start
 * other than zero; exact in as many iterations as A has distinct eigenvalues. Stops at negative curvature with the last iterate before it,
 * and says so. Ritz values are free. @throws {ConfigError} unless `iterations` is a non-negative integer.
 */
export function conjugateGradient({ iterations, tolerance = 1e-10 }: KrylovOptions): LinearSolver {
  requireIterations('cg', iterations);
  return {
    name: 'cg',
    needsDefinite: true,
    needsSpectrum: false,
    async solve({ operator, damping = 0, b, start }): Promise<SolverResult> {
      const a = shiftOperator(operator, damping);
      const scaleOfB = Math.sqrt(dot(b, b));
      const trivial = trivialResult(b, scaleOfB);
      if (trivial) return trivial;
      let solution = start ?? scale(0, b);
      let residual = start ? axpy(-1, await a.apply(start), b) : b;
      let products = start ? 1 : 0;
      let direction = residual;
      let squared = dot(residual, residual);
      const residuals = [Math.sqrt(squared) / scaleOfB];
      const steps: number[] = [];
      const ratios: number[] = [];
      const end = (status: SolverStatus): SolverResult => {
        return { solution, status, residuals, products, ritzValues: ritzValuesOf(steps, ratios) };
      };
      while (steps.length < iterations && residuals.at(-1)! > tolerance) {
        const image = await a.apply(direction);
        products += 1;
        const curvature = dot(direction, image);
        if (!Number.isFinite(curvature)) {
          residuals.push(Number.NaN);
          return end('diverged');
        }
        if (curvature <= 0) return end('negative-curvature');
        const step = squared / curvature;
        solution = axpy(step, direction, solution);
        residual = axpy(-step, image, residual);
        const next = dot(residual, residual);
        steps.push(step);
        ratios.push(next / squared);
        residuals.push(Math.sqrt(next) / scaleOfB);
        direction = axpy(next / squared, direction, residual);
        squared = next;
      }
      const last = residuals.at(-1)!;
      if (last <= tolerance) return end('converged');
      // CG's residual may rise for a while on its way down, so a value above 1 alone is no divergence; a value that is not finite is.
      return end(Number.isFinite(last) ? 'truncated' : 'diverged');
    },
  };
}

/** Eigenvalues of the Lanczos matrix that conjugate gradients build without naming it (Golub and Van Loan, §11.3). */
function ritzValuesOf(steps: readonly number[], ratios: readonly number[]): readonly number[] {
  const diagonal = steps.map((step, i) => 1 / step + (i > 0 ? ratios[i - 1]! / steps[i - 1]! : 0));
  const offDiagonal = steps.slice(0, -1).map((step, i) => Math.sqrt(ratios[i]!) / step);
  return tridiagonalEigen(diagonal, offDiagonal).values;
}
