import { ConfigError, mapTrees } from '../../ir/index.js';
import { tensor, zeros } from '../../tensor/index.js';
import type { HypergradientMethod } from '../hypergradient.js';
import { bytesOfTree, InnerSteps, type Iterate, type UnrolledOptions, type UnrolledState } from '../inner-steps.js';
import { unitVector } from '../matrix.js';
import { requireCount } from '../require.js';
import { dot } from '../vector.js';

export interface UnrolledForwardOptions<S> extends UnrolledOptions<S> {
  /** Most hyperparameters to accept. Default 64. */
  readonly maxHyper?: number;
}

/**
 * Forward-mode differentiation through T steps Φ of the inner optimiser from `params`, s its state (Franceschi et al. 2017, algorithm 2): a
 * column (ẇ, ṡ) for each of the m elements of λ is carried along,
 *
 *     (ẇ, ṡ)_0 = 0,  (ẇ, ṡ)_{t+1} = ∂Φ/∂(w, s) (ẇ, ṡ)_t + ∂Φ/∂λ e_j;      gradient_j = ∂f/∂λ_j(w_T, λ) + ⟨∂f/∂w(w_T), ẇ_j⟩
 *
 * The same number as `unrolledReverse`, with memory that does not grow with T: m columns and one step's residuals. For few hyperparameters.
 * Costs, in gradients: about 2T to linearize and 2mT to push, 1 for the last residual and 1 per outer batch. The rest as there.
 * @throws {ConfigError} on options out of range, and on estimating if λ has more than `maxHyper` elements.
 */
export function unrolledForward<S>(options: UnrolledForwardOptions<S>): HypergradientMethod<UnrolledState<S>> {
  const { steps, optimiser, maxHyper = 64 } = options;
  requireCount('unrolled forward', 'steps', steps);
  requireCount('unrolled forward', 'maxHyper', maxHyper);
  return {
    name: `unrolled forward ${optimiser.name}, ${steps} steps`,
    async estimate(point, before) {
      const { size, dtype } = point.lambda;
      if (size > maxHyper) {
        throw new ConfigError(
          `unrolled forward: carries a column for each hyperparameter, at most ${maxHyper}, and there are ${size}; use unrolledReverse, ` +
            'or raise maxHyper',
        );
      }
      const inner = new InnerSteps(point, options, before);
      const units = Array.from({ length: size }, (_, j) => unitVector(size, j, dtype));
      const still = mapTrees((leaf) => zeros(leaf.shape, leaf.dtype), { w: inner.start.w, state: inner.start.state });
      const columns: Iterate<S>[] = units.map(() => still);
      let at: Iterate<S> = inner.start;
      // One column more: the old one stands beside the new one for a moment.
      point.hold((size + 1) * bytesOfTree(still));
      for (let t = 0; t < steps; t++) {
        const step = await inner.linearize(at, t);
        if (!inner.note(step.value)) return inner.failed(step.value);
        point.hold(step.bytes);
        for (const [j, { w, state }] of columns.entries()) columns[j] = step.push(w, state, units[j]!);
        point.hold(-step.bytes);
        at = step.value;
      }
      if (!inner.noteEnd(at, steps)) return inner.failed(at);
      const { value, params, hyper: direct } = point.outer(at.w);
      const indirect = tensor(
        columns.map(({ w }) => dot(params, w)),
        { dtype },
      );
      return { direct, indirect, outer: value, ...inner.report(at, steps) };
    },
  };
}
