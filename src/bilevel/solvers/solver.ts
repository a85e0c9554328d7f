import type { Value } from '../../ir/index.js';
import type { SpectrumEstimate } from '../lanczos.js';
import type { LinearOperator } from '../operator.js';
import { scale } from '../vector.js';

/**
 * What became of a linear solve:
 * - `converged`: the relative residual is at most the tolerance;
 * - `truncated`: it is not, but it shrank, and the allowed products are spent;
 * - `diverged`: it grew or must grow (η > 2/λ_max), or something is not finite; the solution must not be used;
 * - `negative-curvature`: a direction p with pᵀAp < 0 was met, so A is not positive definite, which the solver needs; the solution is the
 *   last one before it.
 */
export type SolverStatus = 'converged' | 'truncated' | 'diverged' | 'negative-curvature';

/** (A + damping·I)·q = b */
export interface LinearSystem {
  /** A, symmetric. */
  readonly operator: LinearOperator;
  /** Default 0. */
  readonly damping?: number;
  readonly b: Value;
  /** What is known of A's spectrum, without the damping. */
  readonly spectrum?: SpectrumEstimate;
  /** Where to start; the zero vector if absent. Solvers that build their answer from b alone do not read it. */
  readonly start?: Value;
}

export interface SolverResult {
  readonly solution: Value;
  readonly status: SolverStatus;
  /** ‖b − A·qₖ‖ / ‖b‖ of each iterate, the start included: from the zero vector the first is 1. */
  readonly residuals: readonly number[];
  /** Products with A. */
  readonly products: number;
  /** Eigenvalue estimates of A + damping·I that the solve gave for nothing, ascending. */
  readonly ritzValues?: readonly number[];
  /** Neumann's η, as chosen or given. */
  readonly stepSize?: number;
}

export interface LinearSolver {
  readonly name: string;
  /** Whether A + damping·I must be positive definite; automatic damping then makes it so. */
  readonly needsDefinite: boolean;
  /** Whether it cannot do without an estimate of the spectrum. */
  readonly needsSpectrum: boolean;
  /** Whether it cannot do without damping: automatic damping is then never 0. */
  readonly needsDamping?: boolean;
  /** @throws {ShapeError} if b is not of A's size. What a solve runs into is told by the status, not thrown. */
  solve(system: LinearSystem): Promise<SolverResult>;
}

/** The answer to b = 0, and to a b that is not finite, which no solver need look at. */
export function trivialResult(b: Value, normOfB: number): SolverResult | undefined {
  if (normOfB === 0) return { solution: b, status: 'converged', residuals: [0], products: 0 };
  if (!Number.isFinite(normOfB)) return { solution: b, status: 'diverged', residuals: [Number.NaN], products: 0 };
  return undefined;
}

/** The result where A itself is not finite. */
export const failedSolve = (b: Value): SolverResult => ({
  solution: scale(Number.NaN, b),
  status: 'diverged',
  residuals: [Number.NaN],
  products: 0,
});
