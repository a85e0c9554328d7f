import { compile } from '../backends/portable.js';
import type { LinearSolver } from '../bilevel/index.js';
import { mapTrees } from '../ir/index.js';
import type { Model } from '../nn/index.js';
import { mul } from '../ops/index.js';
import type { SearchParameters } from './search-parameters.js';
import type { SearchSettings } from './search-settings.js';
import { momentumSgd, type UpperOptimiser } from './upper-optimiser.js';

/**
 * What the published configurations say (CIFAR-100; for CIFAR-10 the rate of α is 0.01), for `compat: 'reference'`. Epochs and warm-up are the
 * preset's. What no setting says, {@link SearchPhase} then does as that code does:
 * - α moves by SGD with momentum 0.9 and weight decay 1e-4, and one more step without a gradient is taken after every step of θ, so that
 *   momentum and decay go on moving it between hypergradients, about ten times as far as the rate says (what PyTorch 1 makes of that code; under
 *   PyTorch 2 the extra steps do nothing);
 * - the raw numbers start at the start's values, so that Δ = 1 becomes σ(1) = 0.731, and CDT's Δ passes through σ too;
 * - the Neumann series has η = 1, no damping and no check: a solve that diverges moves α, and only the report says so;
 * - weight decay is no part of H;
 * - validation batches are drawn and augmented like training batches, the objective uses the batch's own statistics, and the forward passes of a hypergradient
 *   move the running ones;
 * - the search's learning rate drops where training's does, and the last α is the one to retrain under.
 *
 * Not reproduced: splits without a seed, and retraining on another, larger pool than the search's.
 */
export const referenceSearch = {
  interval: 20,
  innerBatches: 10,
  outerBatches: 10,
  method: { solver: 'neumann', iterations: 5, stepSize: 1, damping: 0, tolerance: 0 },
  learningRate: 0.1,
  objective: { prior: 'uniform', of: 'cross-entropy' },
  parametrisation: 'sigmoid',
  learn: ['delta', 'iota'],
  compat: 'reference',
} as const satisfies Partial<SearchSettings>;

/** SGD on α with the published momentum and decay. */
export const referenceOptimiser = (learningRate: number): UpperOptimiser =>
  momentumSgd({ learningRate, momentum: 0.9, weightDecay: 1e-4 });

/** The step that the published code takes without a gradient. */
export const withoutGradient = (raw: SearchParameters): SearchParameters => mapTrees((value) => mul(value, 0), raw);

/** A solver whose finite solutions are used whatever became of the solve, and that asks for no estimate to judge it by. */
export const unchecked = (solver: LinearSolver): LinearSolver => ({
  ...solver,
  needsSpectrum: false,
  async solve(system) {
    const result = await solver.solve(system);
    const finite = result.residuals.every(Number.isFinite);
    return result.status === 'diverged' && finite ? { ...result, status: 'truncated' } : result;
  },
});

/** The running statistics after one more forward pass in training mode. */
export const passThrough = <P, S, X>(model: Model<P, S, X>) =>
  compile((params: P, state: S, x: X): S => model.apply(params, state, x, { train: true }).state);
