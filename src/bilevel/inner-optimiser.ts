import { ConfigError, type Value } from '../ir/index.js';
import { stopGradient } from '../ops/index.js';
import { type AdamState, adam, initAdam, initVelocity, sgd } from '../optim/index.js';

/**
 * The optimiser of the inner problem as a pure function on vectors, differentiable in every argument: what unrolled methods differentiate
 * through. Weight decay is no part of it, for the inner gradient has it already. S is a tree of tensors.
 */
export interface InnerOptimiser<S> {
  readonly name: string;
  /** The state before the first step of parameters like `w`. */
  init(w: Value): S;
  step(w: Value, gradient: Value, state: S): { readonly w: Value; readonly state: S };
}

export interface SgdOptimiserOptions {
  readonly learningRate: number;
  /** Default 0. */
  readonly momentum?: number;
}

/** Gradient descent with momentum: v ← m·v + g, w ← w − r·v. The state is v. @throws {ConfigError} unless r > 0 and 0 ≤ m < 1. */
export function sgdOptimiser({ learningRate, momentum = 0 }: SgdOptimiserOptions): InnerOptimiser<Value> {
  requireRate('sgd', learningRate);
  requireShare('sgd', 'momentum', momentum);
  return {
    name: 'sgd',
    init: initVelocity,
    step(w, gradient, velocity) {
      const next = sgd(w, gradient, velocity, { learningRate, momentum, weightDecay: 0 });
      return { w: next.params, state: next.velocity };
    },
  };
}

export interface AdamOptimiserOptions {
  readonly learningRate: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. The derivative of a step near a zero gradient is of the order r/ε. */
  readonly epsilon?: number;
}

/**
 * Adam (Kingma and Ba 2015). Where all gradients of a weight so far were 0 the derivative is that of r·m̂/ε, which is the limit: the root of
 * the second moment then moves like |g|, whose derivative at 0 is taken as 0.
 * @throws {ConfigError} unless r > 0, 0 ≤ β < 1, ε > 0.
 */
export function adamOptimiser({
  learningRate,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
}: AdamOptimiserOptions): InnerOptimiser<AdamState<Value>> {
  requireRate('adam', learningRate);
  requireShare('adam', 'beta1', beta1);
  requireShare('adam', 'beta2', beta2);
  if (!(epsilon > 0)) {
    throw new ConfigError(`adam: epsilon must be above 0, for a step divides by it, got ${epsilon}`);
  }
  return {
    name: 'adam',
    init: initAdam,
    step(w, gradient, state) {
      // The number of steps is a count: nothing depends on λ through it.
      const counted = { ...state, step: stopGradient(state.step) };
      const next = adam(w, gradient, counted, { learningRate, beta1, beta2, epsilon });
      return { w: next.params, state: next.state };
    },
  };
}

function requireRate(name: string, rate: number): void {
  if (rate > 0 && Number.isFinite(rate)) return;
  throw new ConfigError(`${name}: the learning rate must be a number above 0, got ${rate}`);
}

function requireShare(name: string, what: string, share: number): void {
  if (share >= 0 && share < 1) return;
  throw new ConfigError(`${name}: ${what} must be at least 0 and below 1, got ${share}`);
}
