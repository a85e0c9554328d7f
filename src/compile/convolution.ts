import type { DType, Shape } from '../ir/index.js';
import type { ParamsOf } from '../ops/index.js';

/**
 * How the native backend computes f32 convolutions whose filter is 3×3, with stride 1, no dilation, one group, any padding and at least
 * {@link WINOGRAD_CHANNELS} channels on either side. All others, and all in f64, are computed directly whatever is chosen here.
 *
 * - `direct` (the default) adds up the products of the definition.
 * - `winograd` makes squares of 2×2 outputs from 16 products a channel instead of 36 (Winograd's minimal filtering F(2×2, 3×3); Lavin and
 *   Gray 2016). About 1.7 times as fast, and more accurate than `direct`, because its sums are shorter.
 * - `winograd4` makes squares of 4×4 outputs from 36 products instead of 144, at the points 0, ±1/√2, ±√2, ∞. About 2.6 times as fast.
 *
 * Largest error against f64, relative to the largest result, for images, filters and gradients from N(0, 1), 8 images of 16×16:
 *
 * AB_TABLE
 *
 * Gradients of `winograd` and `winograd4` are computed by the same algorithms (of the transposed form), to every order.
 */
export type Convolution = 'direct' | 'winograd' | 'winograd4';

/** Their numbers on the tape. */
export const convolutionCodes: { readonly [C in Convolution]: number } = { direct: 0, winograd: 1, winograd4: 2 };

/** With fewer channels the transformations cost more than the products they save. */
export const WINOGRAD_CHANNELS = 8;

/** What computes one convolution: `wish` where it applies, else `direct`. Filter [kh, kw, C / groups, O]. */
export function convolutionFor(
  wish: Convolution,
  { strides, dilation, groups }: ParamsOf<'conv2d'>,
  [kh, kw, c, o]: Shape,
  dtype: DType,
): Convolution {
  const small = kh === 3 && kw === 3 && groups === 1 && [...strides, ...dilation].every((step) => step === 1);
  return small && dtype === 'f32' && Math.min(c!, o!) >= WINOGRAD_CHANNELS ? wish : 'direct';
}
