import {
  type AutomaticOptions,
  conjugateGradient,
  type HypergradientMethod,
  type ImplicitState,
  implicit,
  type LinearSolver,
  minres,
  neumann,
} from '../bilevel/index.js';
import { unchecked } from './reference.js';

/** How the search solves for its hypergradients, as configuration files say it. */
export interface SolverSettings extends AutomaticOptions {
  readonly solver: 'neumann' | 'cg' | 'minres';
  /** The matrix to solve with. Default `hessian`. */
  readonly curvature?: 'hessian' | 'gauss-newton';
  /** Products to spend on a solve: Neumann's J, or the most that a Krylov method may take. */
  readonly iterations: number;
  /** Neumann's η. Default `auto`. */
  readonly stepSize?: number | 'auto';
  /** Relative residual at which to stop early. Default 1e-6. */
  readonly tolerance?: number;
}

const solvers: { readonly [N in SolverSettings['solver']]: (settings: SolverSettings) => LinearSolver } = {
  neumann: ({ iterations, stepSize = 'auto', tolerance = 1e-6 }) => neumann({ terms: iterations, stepSize, tolerance }),
  cg: ({ iterations, tolerance = 1e-6 }) => conjugateGradient({ iterations, tolerance }),
  minres: ({ iterations, tolerance = 1e-6 }) => minres({ iterations, tolerance }),
};

/**
 * The method that these settings describe.
 * @param options.unchecked take finite solutions of solves that diverged, and spend nothing on finding out; see `reference.ts`
 * @throws {ConfigError} on settings out of range.
 */
export function methodOf(
  settings: SolverSettings,
  { unchecked: blind = false }: { readonly unchecked?: boolean } = {},
): HypergradientMethod<ImplicitState> {
  const solver = solvers[settings.solver](settings);
  return implicit({ ...settings, solver: blind ? unchecked(solver) : solver });
}
