import { ConfigError } from '../../ir/index.js';
import { differenceMixed, requireEpsilon } from '../finite-difference.js';
import type { HypergradientMethod } from '../hypergradient.js';
import { scale } from '../vector.js';

export interface DartsOptions {
  /** ξ, the step of the inner optimiser that is differentiated through. */
  readonly stepSize: number;
  /** The differences' ε times ‖q‖. Default 0.01. */
  readonly epsilon?: number;
}

/**
 * DARTS (Liu et al. 2019): one inner step of size ξ differentiated through, its mixed product by central differences of ∂g/∂λ, so that only
 * first derivatives are taken. q = ξ ∂f/∂w. One gradient per outer batch and two per mixed batch.
 * @throws {ConfigError} unless ξ and ε are above 0.
 */
export function darts({ stepSize, epsilon = 0.01 }: DartsOptions): HypergradientMethod<undefined> {
  if (!(stepSize > 0)) throw new ConfigError(`darts: the step size must be above 0, got ${stepSize}`);
  requireEpsilon('darts', epsilon);
  return {
    name: 'darts',
    async estimate(point) {
      const { value, params: b, hyper: direct } = point.outer();
      const indirect = scale(-1, differenceMixed(point, scale(stepSize, b), epsilon));
      return { direct, indirect, outer: value, status: 'truncated', residuals: [], stepSize, state: undefined };
    },
  };
}
