import type { DType, Shape } from '../ir/index.js';
import type { ParamsOf } from '../ops/index.js';

/**
 * How the native backend computes f32 convolutions whose filter is 3×3, with stride 1, no dilation, one group, any padding and at least
 * {@link WINOGRAD_CHANNELS} channels on either side; their gradients too, to every order. All others, and all in f64, are computed directly
 * whatever is chosen here.
 *
 * - `direct` (the default) adds up the products of the definition.
 * - `winograd` makes squares of 2×2 outputs from 16 products a channel instead of 36 (Winograd's minimal filtering F(2×2, 3×3); Lavin and
 *   Gray, "Fast algorithms for convolutional neural networks", 2016). Shorter sums make it more accurate than `direct`, except in the
 *   gradient to the filter.
 * - `winograd4` makes squares of 4×4 outputs from 36 products instead of 144, at the points 0, ±1/√2, ±√2 and ∞: about twice the error
 *   of `direct`, where the usual points 0, ±1, ±2 and ∞ make eight times.
 *
 * Largest error against f64 relative to the largest result, in 10⁻⁷, for images, filters and gradients from N(0, 1), 8 images of 16×16,
 * 16 / 32 / 64 / 256 channels on both sides:
 *
 *     |             | output                | gradient to the input | gradient to the filter |
 *     | direct      | 4.8 / 6.6 / 8.8 / 18  | 4.7 / 5.8 / 14 / 20   | 2.9 / 2.2 / 1.4 / 1.4  |
 *     | winograd    | 1.9 / 2.3 / 3.2 / 7.0 | 2.1 / 2.3 / 3.5 / 6.7 | 4.1 / 3.1 / 2.2 / 2.3  |
 *     | winograd4   | 8.2 / 9.6 / 15 / 27   | 8.0 / 10 / 16 / 28    | 6.9 / 7.0 / 6.2 / 7.1  |
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
