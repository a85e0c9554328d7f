import type { HypergradientMethod } from '../hypergradient.js';
import { neumann } from '../solvers/neumann.js';
import { type ImplicitState, implicit } from './implicit.js';

export interface IdentityOptions {
  /** η, the step of the inner optimiser. Default `auto`: 1/λ_max, from a Lanczos estimate. */
  readonly stepSize?: number | 'auto';
  /** Products of that estimate. Default 8. */
  readonly lanczosSteps?: number;
}

/**
 * The identity in place of the inverse Hessian, q = η ∂f/∂w (T1–T2, Luketina et al. 2016; the Neumann series cut before its first product).
 * One gradient per outer batch, a linearization and a mixed product per inner batch; no Hessian product if η is given.
 * @throws {ConfigError} unless η > 0.
 */
export const identity = ({
  stepSize = 'auto',
  lanczosSteps = 8,
}: IdentityOptions = {}): HypergradientMethod<ImplicitState> => ({
  ...implicit({ solver: neumann({ terms: 0, stepSize }), damping: 0, lanczosSteps }),
  name: 'identity',
});
