import { breathe } from '../breathe.js';
import type { HypergradientMethod } from '../hypergradient.js';
import {
  advance,
  begin,
  drawBatches,
  requireSingleLoop,
  type SingleLoopOptions,
  type SingleLoopState,
} from '../single-loop.js';
import { axpy, scale } from '../vector.js';

/**
 * SOBA (Dagréou et al. 2022): w, the solution v of the linear system and λ move at once, each along one sample of its direction, all of them at
 * the present point; i an inner and j an outer batch drawn anew at each call:
 *
 *     D_w = ∂g_i/∂w,   D_v = H_i v − ∂f_j/∂w,   D_λ = ∂f_j/∂λ − C_iᵀ v;      w ← w − innerRate·D_w,  v ← v − solverRate·D_v
 *
 * The gradient is D_λ; step λ with it, and hand `params` and `state` on. `outer` is f_j. Each call is one step, so constant rates end in a
 * ball of noise about the solution that shrinks with them; with one batch each, at the solution itself. `auto` rates are 1/max λ_max(H_i).
 * The residual is the larger of ‖D_w‖ and ‖D_v‖, each relative to the largest of its first ten values: with several batches it is a sample.
 * Beyond 1000, or if anything is not finite, it is `diverged`. C is that of the inner batch; `mixed` batches are not looked at.
 * Costs, in gradients: 2 to linearize, 2 for one pullback that gives H_i v and C_iᵀ v, 1 for f_j; at the first call with `auto` rates, 2 a
 * Lanczos product and inner batch besides. Memory: v. @throws {ConfigError} on options out of range.
 */
export function soba(options: SingleLoopOptions = {}): HypergradientMethod<SingleLoopState | undefined> {
  requireSingleLoop('soba', options);
  const { seed = 0, tolerance } = options;
  return {
    name: 'soba',
    async estimate(point, state) {
      await breathe();
      const before = state ?? (await begin(point, options, 1));
      const [i, j] = drawBatches(point, seed, before.step);
      const { gradient, hessian, mixed } = point.secondOf(i, before.v);
      const { value, params, hyper } = point.outerOf(point.batches.outer[j]!);
      const v = axpy(-1, params, hessian);
      const directions = { w: gradient, v, direct: hyper, indirect: scale(-1, mixed), outer: value.item() };
      return advance(point, directions, before, tolerance);
    },
  };
}
