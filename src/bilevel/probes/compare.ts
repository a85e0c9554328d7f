import {
  type Hypergradient,
  type HypergradientMethod,
  type HypergradientOptions,
  hypergradient,
} from '../hypergradient.js';
import { implicit } from '../methods/implicit.js';
import type { BilevelProblem } from '../problem.js';
import { denseSolver } from '../solvers/dense.js';
import { minres } from '../solvers/minres.js';
import type { SolverStatus } from '../solvers/solver.js';
import { type Agreement, agreement, numbersOf } from './agreement.js';

export interface ExactOptions {
  /** Added to H. Default 0: the hypergradient itself, not that of a damped problem. */
  readonly damping?: number;
  /** Up to this many parameters H is formed and eliminated; beyond, MINRES solves. Default 400. */
  readonly maxDense?: number;
  /** MINRES: relative residual to reach. Default 1e-12. */
  readonly tolerance?: number;
  /** MINRES: most products to spend. Default 1000. */
  readonly iterations?: number;
}

/**
 * The implicit hypergradient as exactly as can be had: dense elimination for small p, else MINRES, which does not mind an indefinite H, to a
 * tight tolerance. Whether it got there its status says. Costs, per inner batch, p or at most `iterations` Hessian products.
 */
export const exactHypergradient = ({
  damping = 0,
  maxDense = 400,
  tolerance = 1e-12,
  iterations = 1000,
}: ExactOptions = {}): HypergradientMethod<unknown> => ({
  name: 'exact',
  estimate: (point) => {
    const solver = point.w.size <= maxDense ? denseSolver({ maxSize: maxDense }) : minres({ iterations, tolerance });
    return implicit({ solver, damping }).estimate(point, undefined);
  },
});

export interface Comparison extends Agreement {
  readonly method: string;
  readonly status: SolverStatus;
  /** What it is held to: trust no comparison whose reference did not converge. */
  readonly exact: { readonly method: string; readonly status: SolverStatus; readonly residual: number };
  /** Both as vectors [m], leaves in the order of the tree. */
  readonly gradient: readonly number[];
  readonly exactGradient: readonly number[];
  /** Spent by the method, in products for one batch. */
  readonly hessianProducts: number;
  /** Spent by the reference. */
  readonly exactHessianProducts: number;
}

/**
 * A method's hypergradient beside the exact one: cosine, relative error, norms.
 *
 * Cost in Hessian products, with N inner batches: the method's own (implicit: N·(J + lanczosSteps)), and for the reference N·p where
 * p ≤ 400 and N·(MINRES iterations) otherwise.
 */
export async function compareHypergradients<W, L, B, S>(
  problem: BilevelProblem<W, L, B>,
  options: HypergradientOptions<W, L, B, S>,
  exactMethod: HypergradientMethod<unknown> = exactHypergradient(),
): Promise<Comparison> {
  const { state: _, ...point } = options;
  const exact = await hypergradient(problem, { ...point, method: exactMethod });
  return comparison(await hypergradient(problem, options), exact);
}

/** The same for results that exist already, so that one reference can serve many methods. No cost. */
export function comparison<W, L, B>(
  result: Hypergradient<W, L, B, unknown>,
  exact: Hypergradient<W, L, B, unknown>,
): Comparison {
  const [gradient, exactGradient] = [numbersOf(result.gradient), numbersOf(exact.gradient)];
  return {
    ...agreement(gradient, exactGradient),
    method: result.method,
    status: result.status,
    exact: { method: exact.method, status: exact.status, residual: exact.residuals.at(-1) ?? Number.NaN },
    gradient,
    exactGradient,
    hessianProducts: result.counts.hessianProducts,
    exactHessianProducts: exact.counts.hessianProducts,
  };
}
