import type { DType, Value } from '../ir/index.js';
import { ones, zeros } from '../tensor/index.js';
import { heNormal, type NormalSource } from './init.js';
import { batchNorm, type ConvParams, conv, type NormParams, type NormState } from './layers.js';

/** A convolution and the batch normalisation after it. */
export type ConvNormParams = { readonly conv: ConvParams; readonly norm: NormParams };

/** A square filter and a normalisation that changes nothing yet. */
export const initConvNorm = (
  random: NormalSource,
  kernel: number,
  inputs: number,
  filters: number,
  dtype: DType,
): ConvNormParams => ({
  conv: { filter: heNormal(random, [kernel, kernel, inputs, filters], kernel * kernel * inputs, dtype) },
  norm: { scale: ones([filters], dtype), shift: zeros([filters], dtype) },
});

export const initNormState = (filters: number, dtype: DType): NormState => ({
  mean: zeros([filters], dtype),
  variance: ones([filters], dtype),
});

/** x [N, H, W, C] → [N, ⌈H / stride⌉, ⌈W / stride⌉, O], convolved with as much padding as centres the filter on every pixel. */
export function convNorm(
  x: Value,
  { conv: filters, norm }: ConvNormParams,
  state: NormState,
  { stride, train }: { readonly stride: number; readonly train: boolean },
): { output: Value; state: NormState } {
  const padding = (filters.filter.shape[0]! - 1) / 2;
  return batchNorm(conv(x, filters, { strides: stride, padding }), norm, state, { train });
}
