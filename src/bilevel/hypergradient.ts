import { ConfigError, type Value } from '../ir/index.js';
import { full } from '../ops/calculus.js';
import type { SpectrumEstimate } from './lanczos.js';
import { type Batches, type Counts, Point, type PointOptions } from './point.js';
import type { BilevelProblem } from './problem.js';
import type { SolverStatus } from './solvers/solver.js';
import { allFinite, axpy } from './vector.js';

/** How far a result can be trusted. */
export interface Evidence {
  /** See {@link SolverStatus}. Unrolled and single-loop methods `converged` if the inner gradient did. */
  readonly status: SolverStatus;
  /** Relative residual of the linear system after each term or iteration; for methods without one, of the inner stationarity ‖∂g/∂w‖. */
  readonly residuals: readonly number[];
  /** Eigenvalue estimates of the (damped) curvature matrix that the solve gave for nothing, ascending. */
  readonly ritzValues?: readonly number[];
  /** The Lanczos estimate that automatic step size and damping were chosen from. */
  readonly spectrum?: SpectrumEstimate;
  readonly stepSize?: number;
  readonly damping?: number;
}

/** What a method finds out, in vectors. */
export interface Estimate<S> extends Evidence {
  /** ∂f/∂λ at fixed w, [m]. */
  readonly direct: Value;
  /** What w's answer to λ adds, [m]. */
  readonly indirect: Value;
  /** f, mean over its batches. */
  readonly outer: number;
  /** w after the method's own steps, [p], if it takes any. */
  readonly params?: Value;
  /** What the next call may go on from. */
  readonly state: S;
}

/** A way to a hypergradient. Adding one means writing one: see any file in `methods/`. */
export interface HypergradientMethod<S> {
  readonly name: string;
  /** @param state what the call before returned as `state`, if there was one */
  estimate<W, L, B>(point: Point<W, L, B>, state: S | undefined): Promise<Estimate<S>>;
}

export interface HypergradientOptions<W, L, B, S> extends PointOptions<W, L, B> {
  readonly method: HypergradientMethod<S>;
  /** The `state` of an earlier result of the same method: warm starts, estimates of the spectrum, running averages. */
  readonly state?: S | undefined;
}

/** A hypergradient that says how far to trust it. */
export interface Hypergradient<W, L, B, S> extends Evidence {
  /** Total derivative of the outer objective in λ: direct + indirect. NaN throughout if the method diverged, so that it cannot pass for one. */
  readonly gradient: L;
  /** ∂outer/∂λ at fixed w. */
  readonly direct: L;
  /** What the answer of w to λ adds; for implicit methods −(∂²inner/∂λ∂w)(H + damping·I)⁻¹ ∂outer/∂w. */
  readonly indirect: L;
  /** The outer objective, mean over its batches. */
  readonly outer: number;
  /** w after the method's own steps, for methods that take some. */
  readonly params?: W;
  readonly state: S;
  readonly method: string;
  readonly batches: Batches<B>;
  readonly counts: Readonly<Counts>;
  /** The most bytes that residuals, working memory and results took at once. */
  readonly peakBytes: number;
}

/**
 * The derivative of outer(w*(λ), λ) in λ, or what the chosen method makes of it (method.md §3; each method's docstring has its formula, source
 * and cost in gradients). A solve that fails does not throw: read `status`.
 * @throws {ConfigError} if there are no batches, or an option is out of range.
 */
export async function hypergradient<W, L, B, S>(
  problem: BilevelProblem<W, L, B>,
  options: HypergradientOptions<W, L, B, S>,
): Promise<Hypergradient<W, L, B, S>> {
  const { method, state, batches } = options;
  if (typeof method?.estimate !== 'function') {
    throw new ConfigError(
      'hypergradient: needs a method, e.g. implicit({ solver: conjugateGradient({ iterations: 20 }) })',
    );
  }
  const point = new Point(problem, options);
  const { direct, indirect, params, status: told, ...rest } = await method.estimate(point, state);
  const gradient = axpy(1, indirect, direct);
  const status: SolverStatus = allFinite(gradient) ? told : 'diverged';
  const failed = status === 'diverged';
  const shown = (vector: Value): L =>
    point.unravelHyper(failed ? full(vector.shape, Number.NaN, vector.dtype) : vector);
  return {
    ...rest,
    gradient: shown(gradient),
    direct: point.unravelHyper(direct),
    indirect: shown(indirect),
    status,
    ...(params && { params: point.unravelParams(params) }),
    method: method.name,
    batches,
    counts: { ...point.counts },
    peakBytes: point.peakBytes,
  };
}
