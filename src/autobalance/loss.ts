import { ConfigError, type Value } from '../ir/index.js';
import { add, logSoftmax, mean, mul, neg, oneHot, sigmoid, softplus, sum, takeRows } from '../ops/index.js';
import { tensor } from '../tensor/index.js';

/** The parametric cross-entropy's effective parameters, one per class, each [K]. */
export type ClassLoss = {
  /** Δ: multiplies the logits. */
  readonly delta: Value;
  /** ι: is added to them. */
  readonly iota: Value;
  /** w: weight of the samples of a class. */
  readonly weight: Value;
};

/**
 * Mean over the batch of  − w_y · log softmax(Δ ⊙ f + ι)_y  (Li et al. 2021, equation 2).
 * @param logits f, [N, K]
 * @param labels y, i32 [N]
 */
export function parametricCrossEntropy(logits: Value, labels: Value, { delta, iota, weight }: ClassLoss): Value {
  const adjusted = add(mul(logits, delta), iota);
  const chosen = oneHot(labels, logits.shape[1]!, logits.dtype);
  const perSample = neg(sum(mul(chosen, logSoftmax(adjusted)), { axes: 1 }));
  return mean(mul(takeRows(weight, labels), perSample));
}

/** How the learned number becomes Δ. ι is always the number itself. `sigmoid` is what the published code does. */
export type Parametrisation = 'identity' | 'sigmoid' | 'softplus';

const parametrisations: {
  readonly [P in Parametrisation]: {
    readonly forward: (raw: Value) => Value;
    readonly inverse: (delta: number) => number;
  };
} = {
  identity: { forward: (raw) => raw, inverse: (delta) => delta },
  sigmoid: { forward: sigmoid, inverse: (delta) => Math.log(delta / (1 - delta)) },
  softplus: { forward: softplus, inverse: (delta) => delta + Math.log(-Math.expm1(-delta)) },
};

/** What the search learns: raw numbers from which {@link ClassLoss} is made. Absent ones stay as they were at the start. */
export type LossParameters = { readonly delta?: Value; readonly iota?: Value };

/** The effective loss from the learned numbers and, for what is not learned, `fixed`. */
export function effectiveLoss(raw: LossParameters, fixed: ClassLoss, parametrisation: Parametrisation): ClassLoss {
  return {
    delta: raw.delta ? parametrisations[parametrisation].forward(raw.delta) : fixed.delta,
    iota: raw.iota ?? fixed.iota,
    weight: fixed.weight,
  };
}

/** Raw numbers whose effective Δ are those given. @throws {ConfigError} if the parametrisation cannot reach one of them. */
export function rawDelta(delta: readonly number[], parametrisation: Parametrisation): number[] {
  return delta.map((value) => {
    const raw = parametrisations[parametrisation].inverse(value);
    if (!Number.isFinite(raw)) {
      throw new ConfigError(
        `loss: ${parametrisation} cannot make Δ = ${value}; choose another parametrisation or start`,
      );
    }
    return raw;
  });
}

/** Plain numbers of a {@link ClassLoss}, as files hold it. */
export interface ClassLossNumbers {
  readonly delta: readonly number[];
  readonly iota: readonly number[];
  readonly weight: readonly number[];
}

/** The losses that need no search, from the class counts n_k. Each is {@link parametricCrossEntropy} with other numbers. */
export const fixedLosses = {
  /** Plain cross-entropy. */
  'cross-entropy': (counts: readonly number[]): ClassLossNumbers => ({
    delta: counts.map(() => 1),
    iota: counts.map(() => 0),
    weight: counts.map(() => 1),
  }),
  /** Logit adjustment (Menon et al. 2021) with τ = 1: ι_k = log π_k. */
  'logit-adjustment': (counts: readonly number[]): ClassLossNumbers => {
    const empty = counts.findIndex((count) => !(count > 0));
    if (empty >= 0) {
      throw new ConfigError(
        `logit adjustment: class ${empty} has ${counts[empty]} samples, and log 0 is no number; leave the class out`,
      );
    }
    const total = counts.reduce((sum, count) => sum + count, 0);
    return { ...fixedLosses['cross-entropy'](counts), iota: counts.map((count) => Math.log(count / total)) };
  },
} as const;

export type FixedLossName = keyof typeof fixedLosses;

/** The numbers as tensors. */
export const classLoss = ({ delta, iota, weight }: ClassLossNumbers): ClassLoss => ({
  delta: tensor(delta),
  iota: tensor(iota),
  weight: tensor(weight),
});

/** The tensors as numbers. */
export const classLossNumbers = ({ delta, iota, weight }: ClassLoss): ClassLossNumbers => ({
  delta: Array.from(delta.data()),
  iota: Array.from(iota.data()),
  weight: Array.from(weight.data()),
});
