import type { Value } from '../../ir/index.js';
import { shiftOperator } from '../operator.js';
import { tridiagonalEigen } from '../tridiagonal.js';
import { axpy, dot, norm, scale } from '../vector.js';
import { type KrylovOptions, requireIterations } from './conjugate-gradient.js';
import { type LinearSolver, type SolverResult, type SolverStatus, trivialResult } from './solver.js';

/**
 * MINRES (Paige and Saunders 1975): the least residual over the Krylov space of a symmetric A, definite or not. The residual never rises, and
 * Ritz values are free. One product per iteration, and one more for a start other than zero.
 * @throws {ConfigError} unless `iterations` is a non-negative integer.
 */
export function minres({ iterations, tolerance = 1e-10 }: KrylovOptions): LinearSolver {
  requireIterations('minres', iterations);
  return {
    name: 'minres',
    needsDefinite: false,
    needsSpectrum: false,
    async solve({ operator, damping = 0, b, start }): Promise<SolverResult> {
      const a = shiftOperator(operator, damping);
      const scaleOfB = norm(b);
      const trivial = trivialResult(b, scaleOfB);
      if (trivial) return trivial;
      const zero = scale(0, b);
      const first = start ? axpy(-1, await a.apply(start), b) : b;
      let solution = start ?? zero;
      let products = start ? 1 : 0;
      // Lanczos: the last two basis vectors and the tridiagonal matrix so far.
      let beta = norm(first);
      let [before, basis] = [zero, beta > 0 ? scale(1 / beta, first) : zero];
      const diagonal: number[] = [];
      const offDiagonal: number[] = [];
      // QR of that matrix by rotations, and the directions they make of the basis.
      let [cosine, sine, corner, beyond] = [-1, 0, 0, 0];
      let rest = beta;
      let directions: readonly [Value, Value] = [zero, zero];
      const residuals = [beta / scaleOfB];
      const end = (status: SolverStatus): SolverResult => {
        const ritzValues = tridiagonalEigen(diagonal, offDiagonal.slice(0, diagonal.length - 1)).values;
        return { solution, status, residuals, products, ritzValues };
      };
      while (diagonal.length < iterations && residuals.at(-1)! > tolerance) {
        const image = axpy(-(offDiagonal.at(-1) ?? 0), before, await a.apply(basis));
        products += 1;
        const alpha = dot(image, basis);
        const next = axpy(-alpha, basis, image);
        beta = norm(next);
        diagonal.push(alpha);
        offDiagonal.push(beta);
        if (!Number.isFinite(alpha + beta)) {
          diagonal.pop();
          residuals.push(Number.NaN);
          return end('diverged');
        }
        const [twoBack, oneBack] = [beyond, cosine * corner + sine * alpha];
        const pivot = sine * corner - cosine * alpha;
        [beyond, corner] = [sine * beta, -cosine * beta];
        const length = Math.hypot(pivot, beta);
        // A is singular here and b has a part that it cannot reach.
        if (length <= Number.EPSILON * Math.abs(alpha) || length === 0) return end('truncated');
        [cosine, sine] = [pivot / length, beta / length];
        const direction = scale(1 / length, axpy(-oneBack, directions[1], axpy(-twoBack, directions[0], basis)));
        directions = [directions[1], direction];
        solution = axpy(cosine * rest, direction, solution);
        rest *= sine;
        residuals.push(Math.abs(rest) / scaleOfB);
        [before, basis] = [basis, beta > 0 ? scale(1 / beta, next) : zero];
      }
      return end(residuals.at(-1)! <= tolerance ? 'converged' : 'truncated');
    },
  };
}
