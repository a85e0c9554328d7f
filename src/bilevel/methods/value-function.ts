import { ConfigError, type Value } from '../../ir/index.js';
import { estimateCurvature } from '../automatic.js';
import { breathe } from '../breathe.js';
import type { HypergradientMethod } from '../hypergradient.js';
import type { Point } from '../point.js';
import { requireCount } from '../require.js';
import { Stationarity } from '../stationarity.js';
import { axpy, norm, scale } from '../vector.js';

export interface ValueFunctionOptions {
  /** μ: the inner objective's weight against the outer one. The error of the gradient is of order 1/μ, and rounding is amplified by μ. */
  readonly multiplier: number;
  /** Descent steps of y and of z in one call. */
  readonly steps: number;
  /** Of that descent. Default `auto`: 1/(λ_max(∂²g/∂w²) + λ_max(∂²f/∂w²)/μ), by Lanczos at w; by Weyl's inequality safe for both. */
  readonly stepSize?: number | 'auto';
  /** Products of each of the two estimates. Default 8. */
  readonly lanczosSteps?: number;
  /** Residual at which to stop early. The gradient's error from it is μ times as large. Default 1e-6. */
  readonly tolerance?: number;
}

export interface ValueFunctionState {
  readonly y?: Value;
  readonly z?: Value;
  /** Reused in place of a new estimate. */
  readonly stepSize?: number;
  /** What residuals are relative to. */
  readonly scale?: number;
}

/**
 * The value-function penalty with first derivatives only, F²SA (Kwon et al. 2023, there stochastic and with one step a call):
 *
 *     y ≈ argmin f/μ + g,   z ≈ argmin g,   both by gradient descent over all batches given, from the state or from `params`
 *     gradient = ∂f/∂λ(y) + μ (∂g/∂λ(y) − ∂g/∂λ(z))
 *
 * The second term is the indirect part, `outer` is f(y), `params` of the result is z. Residuals: √(‖∂(f/μ + g)/∂w(y)‖² + ‖∂g/∂w(z)‖²) relative
 * to the largest at the beginning of a call so far; `diverged` if one exceeds 1000, or anything is not finite.
 * Costs, in gradients: for each step and once at the end 2 per inner batch and 1 per outer batch; 2 per mixed batch; for `auto`, once, 2 a batch
 * and Lanczos product, inner and outer.
 * @throws {ConfigError} on options out of range.
 */
export function valueFunction(options: ValueFunctionOptions): HypergradientMethod<ValueFunctionState> {
  const { multiplier, steps, stepSize = 'auto', lanczosSteps = 8, tolerance = 1e-6 } = options;
  requireCount('value function', 'steps', steps);
  requireCount('value function', 'lanczosSteps', lanczosSteps);
  if (!(multiplier > 0 && Number.isFinite(multiplier)) || !(stepSize === 'auto' || stepSize > 0)) {
    throw new ConfigError(
      `value function: the multiplier and the step size must be above 0, or the step size auto; got ${multiplier}, ${stepSize}`,
    );
  }
  return {
    name: 'value function',
    async estimate(point, { y: startY = point.w, z: startZ = point.w, stepSize: known, scale: first } = {}) {
      const eta = stepSize === 'auto' ? (known ?? (await safeStep(point, multiplier, lanczosSteps))) : stepSize;
      const watch = new Stationarity(tolerance, first);
      let [y, z] = [startY, startZ];
      let outer = point.outer(y);
      for (let step = 0; ; step++) {
        await breathe();
        const ofY = axpy(1 / multiplier, outer.params, point.meanInnerGradient(y));
        const ofZ = point.meanInnerGradient(z);
        const goOn = watch.record(Math.hypot(norm(ofY), norm(ofZ)));
        if (!goOn || step === steps || watch.residuals.at(-1)! <= tolerance) break;
        [y, z] = [axpy(-eta, ofY, y), axpy(-eta, ofZ, z)];
        outer = point.outer(y);
      }
      const difference = axpy(-1, point.innerHyperGradient(z), point.innerHyperGradient(y));
      const { status, residuals } = watch;
      const estimate = { direct: outer.hyper, indirect: scale(multiplier, difference), outer: outer.value };
      const state = status === 'diverged' ? {} : { y, z, stepSize: eta, scale: watch.scale };
      return { ...estimate, status, residuals, stepSize: eta, params: z, state };
    },
  };
}

async function safeStep<W, L, B>(point: Point<W, L, B>, multiplier: number, lanczosSteps: number): Promise<number> {
  const inner = await estimateCurvature(point.hessian(), point.w, lanczosSteps);
  const outer = await estimateCurvature(point.outerHessian(), point.w, lanczosSteps);
  return 1 / (inner + outer / multiplier);
}
