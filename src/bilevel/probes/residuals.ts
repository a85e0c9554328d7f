import { NumericError, type TypedArray, type Value } from '../../ir/index.js';
import { type AutomaticOptions, chooseDamping } from '../automatic.js';
import { type LinearOperator, shiftOperator, symmetricOperator } from '../operator.js';
import { Point, type PointOptions } from '../point.js';
import type { BilevelProblem } from '../problem.js';
import type { LinearSolver, LinearSystem, SolverStatus } from '../solvers/solver.js';
import { allFinite, axpy, norm } from '../vector.js';

/** What a solver says of its iterates, beside what is true. Both lists begin with the start, whose residual is 1 from the zero vector. */
export interface ResidualHistory {
  /** ‖b − (A + c·I)·qₖ‖ / ‖b‖, each from a product of its own. */
  readonly actual: readonly number[];
  /** What the solver's own recursion claims; `null` where it says nothing. */
  readonly claimed: readonly (number | null)[];
  /** Of the longest solve. */
  readonly status: SolverStatus;
  readonly hessianProducts: number;
}

/**
 * The solver of which iterate k is the answer, k = 1, 2, …: `neumann({ terms: k - 1 })` has summed k terms, a Krylov method has done k iterations.
 * It must report a residual per iterate.
 */
export type IterateSolver = (iterate: number) => LinearSolver;

/**
 * The true relative residual of each iterate of a solver, computed from A alone: whatever the recursion of the solver gets wrong shows as a
 * gap between the two lists. Ends early where the solver does.
 *
 * Cost for K iterates: K products with A for the residuals, and those of one solve, for the solves to 1, 2, … K iterates begin alike and share
 * them. Keeps 2K vectors.
 */
export async function solverResiduals(
  system: LinearSystem,
  solverOf: IterateSolver,
  iterates: number,
): Promise<ResidualHistory> {
  const { b, damping = 0, start } = system;
  const a = shiftOperator(system.operator, damping);
  const shared = remember(system.operator);
  const scaleOfB = norm(b);
  const residualOf = async (q: Value): Promise<number> => norm(axpy(-1, await a.apply(q), b)) / scaleOfB;
  const actual = [start ? await residualOf(start) : 1];
  let checks = start ? 1 : 0;
  let claims: readonly number[] = [];
  let status: SolverStatus = 'truncated';
  for (let k = 1; k <= iterates; k++) {
    const result = await solverOf(k).solve({ ...system, operator: shared.operator });
    status = result.status;
    // No iterate more than the time before: the solver has stopped of itself.
    const stopped = result.residuals.length === claims.length;
    claims = result.residuals;
    if (stopped || !allFinite(result.solution)) break;
    actual.push(await residualOf(result.solution));
    checks += 1;
  }
  return {
    actual,
    claimed: actual.map((_, k) => claims[k] ?? null),
    status,
    hessianProducts: shared.products() + checks,
  };
}

export interface ResidualHistoryOptions<W, L, B> extends PointOptions<W, L, B>, AutomaticOptions {
  readonly solver: IterateSolver;
  /** Iterates K to look at. */
  readonly iterates: number;
  /** Default `hessian`. */
  readonly curvature?: 'hessian' | 'gauss-newton';
}

/** Residuals of a hypergradient's linear system, and the damping c that stands in it. */
export interface HypergradientResiduals extends ResidualHistory {
  readonly damping: number;
}

/**
 * {@link solverResiduals} for the linear system of a hypergradient, with the damping that `implicit` would choose.
 *
 * Cost in Hessian products, with N inner batches and K iterates: N·(J + K), J ≤ K being the solver's own, and N·lanczosSteps more if damping
 * or step size are automatic. @throws {NumericError} if the products are not finite.
 */
export async function residualHistory<W, L, B>(
  problem: BilevelProblem<W, L, B>,
  options: ResidualHistoryOptions<W, L, B>,
): Promise<HypergradientResiduals> {
  const { solver, iterates, curvature = 'hessian' } = options;
  const point = new Point(problem, options);
  const { params: b } = point.outer();
  const operator = curvature === 'hessian' ? point.hessian() : point.gaussNewton();
  const choice = await chooseDamping(operator, b, solver(iterates), options);
  if (!choice) throw new NumericError('residual history: the Hessian products are not finite; check the inner loss');
  const history = await solverResiduals({ operator, b, ...choice }, solver, iterates);
  return { ...history, damping: choice.damping, hessianProducts: point.counts.hessianProducts };
}

/** The same operator, which multiplies no vector twice. */
function remember(a: LinearOperator): { readonly operator: LinearOperator; products(): number } {
  const seen: { readonly vector: TypedArray; readonly image: Promise<Value> }[] = [];
  const apply = (v: Value): Promise<Value> => {
    const vector = v.data();
    const found = seen.find((entry) => sameElements(entry.vector, vector));
    if (found) return found.image;
    const image = a.apply(v);
    seen.push({ vector, image });
    return image;
  };
  return { operator: symmetricOperator(a.columns, apply, { definite: a.definite }), products: () => seen.length };
}

const sameElements = (x: TypedArray, y: TypedArray): boolean => x.every((value, i) => value === y[i]);
