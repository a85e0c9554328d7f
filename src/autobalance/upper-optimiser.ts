import type { PolicyParams } from '../augment/index.js';
import { flatten, mapTrees, type Value } from '../ir/index.js';
import { add, mul, sub } from '../ops/index.js';
import { adam, initAdam, initSharedAdam, initVelocity, type SharedAdamState, sgd, sharedAdam } from '../optim/index.js';
import type { LossParameters } from './loss/index.js';
import type { SearchParameters } from './search-parameters.js';

/** Moves α, or the part R of it, along hypergradients. The memory is a tree of tensors. */
export interface UpperOptimiser<M = unknown, R = LossParameters> {
  init(raw: R): M;
  step(raw: R, gradient: R, memory: M): { raw: R; memory: M };
}

export const normOf = (tree: SearchParameters): number =>
  Math.hypot(...flatten(tree).leaves.flatMap((leaf) => [...leaf.data()]));

export interface ClippedAdamOptions {
  /** About the most that an element of ι or log w moves in one step. */
  readonly learningRate: number;
  /** Steps of Δ's number relative to those of ι: Δ multiplies logits of size 5 to 10, so the same step does that much more. */
  readonly deltaRate: number;
  /** Largest norm of a hypergradient; a longer one is shortened. One bad minibatch must not undo fifty good ones. */
  readonly clip: number;
}

/** Adam, whose steps do not depend on the hypergradient's scale: that changes with the solver's step size and damping. */
export function clippedAdam({ learningRate, deltaRate, clip }: ClippedAdamOptions): UpperOptimiser {
  const optimiser: UpperOptimiser<ReturnType<typeof initAdam<LossParameters>>> = {
    init: initAdam,
    step(raw, gradient, memory) {
      const shortened = mapTrees((g) => mul(g, Math.min(1, clip / normOf(gradient))), gradient);
      const next = adam(raw, shortened, memory, { learningRate });
      const slower = (old: Value, moved: Value): Value => add(old, mul(sub(moved, old), deltaRate));
      const delta = raw.delta && next.params.delta && slower(raw.delta, next.params.delta);
      return { raw: { ...next.params, ...(delta && { delta }) }, memory: next.state };
    },
  };
  return optimiser as UpperOptimiser;
}

/** SGD with momentum and weight decay on α itself, as the published code has it. */
export function momentumSgd(options: {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}): UpperOptimiser {
  const optimiser: UpperOptimiser<LossParameters> = {
    init: initVelocity,
    step(raw, gradient, velocity) {
      const next = sgd(raw, gradient, velocity, options);
      return { raw: next.params, memory: next.velocity };
    },
  };
  return optimiser as UpperOptimiser;
}

/**
 * Moves the loss as `loss` does, and the augmentation policies beside it. A policy has many numbers of which hardly anything depends, the magnitude of
 * what is hardly ever done for one: with a second moment for each kind of number they stay where they are, where Adam would let noise drive
 * them. Its steps do not depend on the gradient's scale, so none is clipped.
 */
export function withPolicies(
  loss: UpperOptimiser,
  { learningRate }: { readonly learningRate: number },
): UpperOptimiser<unknown, SearchParameters> {
  interface Memory {
    readonly loss: unknown;
    readonly augmentation: SharedAdamState<PolicyParams>;
  }
  const optimiser: UpperOptimiser<Memory, Required<Pick<SearchParameters, 'augmentation'>> & LossParameters> = {
    init: ({ augmentation, ...raw }) => ({ loss: loss.init(raw), augmentation: initSharedAdam(augmentation) }),
    step({ augmentation, ...raw }, { augmentation: gradient, ...lossGradient }, memory) {
      const moved = loss.step(raw, lossGradient, memory.loss);
      const policies = sharedAdam(augmentation, gradient, memory.augmentation, { learningRate });
      return {
        raw: { ...moved.raw, augmentation: policies.params },
        memory: { loss: moved.memory, augmentation: policies.state },
      };
    },
  };
  return optimiser as UpperOptimiser<unknown, SearchParameters>;
}

/**
 * How far Adam may carry an element of ι if all steps agree. Logit adjustment at imbalance 100 spans 4.6 from the largest class to the
 * smallest.
 */
const TRAVEL = 6;

/** The same for a policy: from a probability of 0.1 to near 1 it is 6, and back as far. */
const POLICY_TRAVEL = 15;

/** Learning rate for so many updates of α: few updates take long steps, many take short ones, and the way they can go is the same. */
export const automaticRate = (updates: number): number => Math.min(0.2, TRAVEL / Math.max(1, updates));

/** The same for the numbers of augmentation policies. */
export const automaticPolicyRate = (updates: number): number => Math.min(0.15, POLICY_TRAVEL / Math.max(1, updates));
