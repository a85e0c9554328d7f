import { jvp } from '../../ad/index.js';
import { compile } from '../../backends/portable.js';
import type { Value } from '../../ir/index.js';
import { type AdamOptions, type AdamState, adam } from '../../optim/index.js';
import { differenceMixed, requireEpsilon } from '../finite-difference.js';
import type { HypergradientMethod } from '../hypergradient.js';
import { ravel, scale } from '../vector.js';

export interface SamaOptions<W> extends Omit<AdamOptions, 'learningRate'> {
  /** State of the inner optimiser, of the parameters' structure. */
  readonly adam: AdamState<W>;
  readonly learningRate: number;
  /** The differences' ε times ‖q‖. Default 0.01. */
  readonly epsilonDifference?: number;
}

/**
 * SAMA (Choe et al. 2023): the inverse Hessian replaced by the Jacobian of the inner optimiser's update u in its gradient, which for Adam is
 * diagonal: q = (∂u/∂g) ∂f/∂w at Adam's state and the present inner gradient; the mixed product by central differences. One gradient per
 * outer batch, one per inner batch for g, two per mixed batch. @throws {ConfigError} unless ε is above 0.
 */
export function sama<W>(options: SamaOptions<W>): HypergradientMethod<undefined> {
  const { adam: state, epsilonDifference = 0.01, ...rest } = options;
  requireEpsilon('sama', epsilonDifference);
  const flat: AdamState<Value> = {
    first: ravel(state.first).vector,
    second: ravel(state.second).vector,
    step: state.step,
  };
  const push = compile((w: Value, gradient: Value, along: Value, at: AdamState<Value>) => {
    const next = (g: Value): Value => adam(w, g, at, rest).params;
    return jvp(next, [gradient], [along]).tangent;
  });
  return {
    name: 'sama',
    async estimate(point) {
      const { value, params: b, hyper: direct } = point.outer();
      // Adam moves w by −u.
      const q = scale(-1, push(point.w, point.meanInnerGradient(), b, flat));
      const indirect = scale(-1, differenceMixed(point, q, epsilonDifference));
      return { direct, indirect, outer: value, status: 'truncated', residuals: [], state: undefined };
    },
  };
}
