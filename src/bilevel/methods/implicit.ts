import type { Value } from '../../ir/index.js';
import { type AutomaticOptions, chooseDamping, requireAutomatic } from '../automatic.js';
import { defined } from '../defined.js';
import type { HypergradientMethod } from '../hypergradient.js';
import type { SpectrumEstimate } from '../lanczos.js';
import { failedSolve, type LinearSolver } from '../solvers/solver.js';
import { scale } from '../vector.js';

export interface ImplicitOptions extends AutomaticOptions {
  readonly solver: LinearSolver;
  /** The matrix to solve with: H, or the Gauss–Newton matrix, which is never indefinite. Default `hessian`. */
  readonly curvature?: 'hessian' | 'gauss-newton';
}

export interface ImplicitState {
  /** Reused for automatic choices; leave it out to have the spectrum estimated again. */
  readonly spectrum?: SpectrumEstimate;
  /** Where an iterative solver starts; leave it out to start from zero. */
  readonly solution?: Value;
}

/**
 * Implicit differentiation at a stationary point of the inner objective (AID; method.md §3):
 *
 *     ∂f/∂λ − Cᵀ q,      (H + damping·I) q = ∂f/∂w,      H = ∂²g/∂w²,  C = ∂²g/∂w∂λ
 *
 * Each inner batch is linearized once; every product reuses its residuals, so the same batch-norm statistics and masks hold throughout.
 * Costs, in gradients: 1 per outer batch; per inner batch about 2 to linearize, 2 a product of the solver and of the estimate (4/3 for
 * Gauss–Newton), and 2/3 for the mixed product if λ enters after the model, 2 otherwise.
 * @throws {ConfigError} on options out of range.
 */
export function implicit(options: ImplicitOptions): HypergradientMethod<ImplicitState> {
  const { solver, curvature = 'hessian' } = options;
  requireAutomatic(options);
  return {
    name: `implicit ${solver.name}${curvature === 'hessian' ? '' : ', gauss-newton'}`,
    async estimate(point, { spectrum: known, solution: start } = {}) {
      const { value, params: b, hyper: direct } = point.outer();
      const operator = curvature === 'hessian' ? point.hessian() : point.gaussNewton();
      const choice = await chooseDamping(operator, b, solver, options, known);
      const result = choice ? await solver.solve({ operator, b, ...choice, ...defined({ start }) }) : failedSolve(b);
      return {
        direct,
        indirect: scale(-1, await point.mixed().applyTransposed(result.solution)),
        outer: value,
        ...defined({
          status: result.status,
          residuals: result.residuals,
          ritzValues: result.ritzValues,
          stepSize: result.stepSize,
          damping: choice?.damping,
          spectrum: choice?.spectrum,
        }),
        state: result.status === 'diverged' ? {} : defined({ spectrum: choice?.spectrum, solution: result.solution }),
      };
    },
  };
}
