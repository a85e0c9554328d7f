import type { Value } from '../../ir/index.js';
import type { AutomaticOptions } from '../automatic.js';
import { implicit } from '../methods/implicit.js';
import { Point, type PointOptions } from '../point.js';
import type { BilevelProblem } from '../problem.js';
import type { LinearSolver, SolverStatus } from '../solvers/solver.js';
import { axpy, norm } from '../vector.js';
import { type Agreement, agreement } from './agreement.js';
import { randomSigns } from './signs.js';

export interface GaussNewtonGapOptions<W, L, B> extends PointOptions<W, L, B>, AutomaticOptions {
  /** Solves both systems. */
  readonly solver: LinearSolver;
  /** Random ±1 vectors to try besides b. Default 4. */
  readonly vectors?: number;
  /** Fixes them. Default 0. */
  readonly seed?: number;
}

/** What it matters that the Gauss–Newton matrix G leaves out the curvature of the model. Damping, where automatic, differs between the two. */
export interface GaussNewtonGap {
  /** ‖(H − G)b‖ / ‖Hb‖ along b = ∂f/∂w, the direction that the solve starts with. */
  readonly alongOuterGradient: number;
  /** The same along each random vector: in the mean of squares, of the whole matrices in the Frobenius norm. */
  readonly alongRandom: readonly number[];
  /** The hypergradient with G against the one with H. */
  readonly hypergradients: Agreement;
  readonly hessian: { readonly status: SolverStatus; readonly damping: number };
  readonly gaussNewton: { readonly status: SolverStatus; readonly damping: number };
  /** Products with H and with G together. */
  readonly hessianProducts: number;
}

/**
 * Compares the Hessian H with the Gauss–Newton matrix G, both with weight decay, as matrices along directions and by the hypergradients that they
 * lead to.
 *
 * Cost in products, with N inner batches and V vectors: N·(V + 1) with each of H and G, and the two solves, N·(J + lanczosSteps) each.
 * @throws {ConfigError} if the problem does not say what its head is.
 */
export async function gaussNewtonGap<W, L, B>(
  problem: BilevelProblem<W, L, B>,
  options: GaussNewtonGapOptions<W, L, B>,
): Promise<GaussNewtonGap> {
  const { vectors = 4, seed = 0 } = options;
  const point = new Point(problem, options);
  const [h, g] = [point.hessian(), point.gaussNewton()];
  const along = async (v: Value): Promise<number> => {
    const image = await h.apply(v);
    return norm(axpy(-1, await g.apply(v), image)) / norm(image);
  };
  const alongOuterGradient = await along(point.outer().params);
  const alongRandom: number[] = [];
  for (let i = 0; i < vectors; i++) alongRandom.push(await along(randomSigns(point.w.size, point.w.dtype, seed, i)));
  const solve = async (curvature: 'hessian' | 'gauss-newton') => {
    const {
      direct,
      indirect,
      status,
      damping = 0,
    } = await implicit({ ...options, curvature }).estimate(point, undefined);
    return { gradient: Array.from(axpy(1, indirect, direct).data()), status, damping };
  };
  const [withH, withG] = [await solve('hessian'), await solve('gauss-newton')];
  return {
    alongOuterGradient,
    alongRandom,
    hypergradients: agreement(withG.gradient, withH.gradient),
    hessian: { status: withH.status, damping: withH.damping },
    gaussNewton: { status: withG.status, damping: withG.damping },
    hessianProducts: point.counts.hessianProducts,
  };
}
