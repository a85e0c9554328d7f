import { Random } from '../../data/random.js';
import { ConfigError, type Value } from '../../ir/index.js';
import { tensor } from '../../tensor/index.js';
import { type HypergradientMethod, hypergradient } from '../hypergradient.js';
import { Point, type PointOptions } from '../point.js';
import type { BilevelProblem } from '../problem.js';
import type { SolverStatus } from '../solvers/solver.js';
import { axpy, ravel } from '../vector.js';
import { innerOf, normOf, numbersOf } from './agreement.js';

export interface DirectionalCheckOptions<W, L, B> extends Omit<PointOptions<W, L, B>, 'params'> {
  readonly method: HypergradientMethod<unknown>;
  /** The parameters that minimise the inner objective at λ, as exactly as can be: an error δ in f becomes δ/ε. */
  readonly solve: (hyper: L) => W | Promise<W>;
  /** Default: a random direction. It is made a unit vector. */
  readonly direction?: L;
  /** Of the random direction. Default 0. */
  readonly seed?: number;
  /** Length of the step to either side. Default 1e-3. */
  readonly epsilon?: number;
}

export interface DirectionalCheck {
  /** ⟨hypergradient, d⟩ */
  readonly analytic: number;
  /** (f(w*(λ + εd)) − f(w*(λ − εd))) / 2ε, right to O(ε²). */
  readonly numeric: number;
  /** |analytic − numeric| / |numeric| */
  readonly relativeError: number;
  /** d, [m], ‖d‖ = 1. */
  readonly direction: readonly number[];
  readonly status: SolverStatus;
  /** Of the hypergradient; the solves at λ ± εd are the caller's. */
  readonly hessianProducts: number;
}

/**
 * The hypergradient's slope in one direction against that of the outer objective when the inner problem is solved again at λ ± εd: the only check
 * that shares no derivative with what it checks.
 *
 * Cost in Hessian products: those of the one hypergradient, N·(J + lanczosSteps); and three inner solves.
 * @throws {ConfigError} unless ε > 0 and the direction has a length.
 */
export async function directionalCheck<W, L, B>(
  problem: BilevelProblem<W, L, B>,
  options: DirectionalCheckOptions<W, L, B>,
): Promise<DirectionalCheck> {
  const { solve, hyper, method, batches, epsilon = 1e-3, seed = 0 } = options;
  if (!(epsilon > 0)) throw new ConfigError(`directional check: epsilon must be above 0, got ${epsilon}`);
  const params = await solve(hyper);
  const at = new Point(problem, { params, hyper, batches });
  const d = unitDirection(options.direction, at.lambda, seed);
  const outer = async (step: number): Promise<number> => {
    const lambda = axpy(step, d, at.lambda);
    const moved = await solve(at.unravelHyper(lambda));
    return at.outer(ravel(moved).vector, lambda).value;
  };
  const numeric = ((await outer(epsilon)) - (await outer(-epsilon))) / (2 * epsilon);
  const { gradient, status, counts } = await hypergradient(problem, { params, hyper, batches, method });
  const direction = Array.from(d.data());
  const analytic = innerOf(numbersOf(gradient), direction);
  return {
    analytic,
    numeric,
    relativeError: Math.abs(analytic - numeric) / Math.abs(numeric),
    direction,
    status,
    hessianProducts: counts.hessianProducts,
  };
}

function unitDirection(given: unknown, { size, dtype }: Value, seed: number): Value {
  const random = new Random(seed, 'direction');
  const raw = given === undefined ? Array.from({ length: size }, () => random.normal()) : numbersOf(given);
  const length = normOf(raw);
  if (!(length > 0 && Number.isFinite(length)) || raw.length !== size) {
    throw new ConfigError(
      `directional check: the direction must be like λ and not zero, got ${raw.length} numbers of norm ${length}`,
    );
  }
  return tensor(
    raw.map((value) => value / length),
    { dtype },
  );
}
