import type { Value } from '../ir/index.js';

/**
 * What became of a linear solve:
 * - `converged`: the relative residual is at most the tolerance;
 * - `truncated`: it is not, but it shrank, and the allowed products are spent;
 * - `diverged`: it grew beyond that of the zero vector, or is not finite; the solution must not be used;
 * - `negative-curvature`: a direction p with pᵀAp ≤ 0 was met, so A is not positive definite; the solution is the last one before it.
 */
export type SolverStatus = 'converged' | 'truncated' | 'diverged' | 'negative-curvature';

export interface SolverResult {
  readonly solution: Value;
  readonly status: SolverStatus;
  /** ‖b − A·xₖ‖ / ‖b‖ of each iterate, from x₀ = 0 (so the first is 1). */
  readonly residuals: readonly number[];
  /** Products with A. */
  readonly products: number;
}
