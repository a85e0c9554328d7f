import type { Value } from '../ir/index.js';
import {
  add,
  type ConvOptions,
  conv2d,
  matmul,
  mean,
  mul,
  rsqrt,
  slice,
  square,
  stopGradient,
  sub,
} from '../ops/index.js';

/** Weight [inputs, outputs], bias [outputs]. */
export type DenseParams = { readonly weight: Value; readonly bias: Value };

/** x [N, inputs] → [N, outputs]. */
export const dense = (x: Value, { weight, bias }: DenseParams): Value => add(matmul(x, weight), bias);

/** Filter [kh, kw, C, O]; no bias, for a normalisation follows. */
export type ConvParams = { readonly filter: Value };

/** x [N, H, W, C] → [N, OH, OW, O]. */
export const conv = (x: Value, { filter }: ConvParams, options?: ConvOptions): Value => conv2d(x, filter, options);

/** Per-channel scale γ and shift β, each [C]. */
export type NormParams = { readonly scale: Value; readonly shift: Value };
/** Running mean and variance of the batches seen in training, each [C]. */
export type NormState = { readonly mean: Value; readonly variance: Value };

export interface NormOptions {
  /** Normalise by this batch's own statistics and move the running ones; otherwise by the running ones. */
  readonly train: boolean;
  /** Share of the new batch in the running statistics. Default 0.1. */
  readonly momentum?: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Batch normalisation over all axes but the last (Ioffe and Szegedy 2015), from primitives, so that every order of derivative exists.
 * The running variance is the unbiased one, as in PyTorch. Differentiates through the batch's statistics when `train`.
 *
 * Mean and variance are taken about a constant s: s + E(x − s) and E(x − s)² − (E(x − s))², which is exact for any s and does not cancel for
 * one near the mean (Chan, Golub and LeVeque 1983). With the mean of the first sample as that constant, one sweep over x gives both sums, and
 * derivatives need no sum of what they have just centred: a sweep over memory less, forward and backward, in every order.
 */
export function batchNorm(
  x: Value,
  { scale, shift }: NormParams,
  state: NormState,
  { train, momentum = 0.1, epsilon = 1e-5 }: NormOptions,
): { output: Value; state: NormState } {
  if (!train) {
    const factor = mul(scale, rsqrt(add(state.variance, epsilon)));
    return { output: add(mul(sub(x, state.mean), factor), shift), state };
  }
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  const count = x.size / (x.shape.at(-1) ?? 1);
  const near = stopGradient(
    mean(
      slice(
        x,
        x.shape.map(() => 0),
        [1, ...x.shape.slice(1)],
      ),
      { axes },
    ),
  );
  const shifted = sub(x, near);
  const rest = mean(shifted, { axes });
  const variance = sub(mean(square(shifted), { axes }), square(rest));
  const factor = mul(scale, rsqrt(add(variance, epsilon)));
  const move = (old: Value, now: Value): Value => add(mul(old, 1 - momentum), mul(now, momentum));
  return {
    output: add(mul(shifted, factor), sub(shift, mul(rest, factor))),
    state: {
      mean: move(state.mean, add(near, rest)),
      variance: move(state.variance, mul(variance, count / Math.max(1, count - 1))),
    },
  };
}
