import type { Shape } from '../../ir/index.js';
import type { ParamsOf } from '../../ops/index.js';
import { accumulate, type Kernel, productsOf, widen } from './kernel.js';

/** All three members of the family run over the same triples: a pixel of x, a tap of the filter, a pixel of the output. */
interface Family {
  /** [N, H, W, C] */
  readonly x: Shape;
  /** [kh, kw, C / groups, O] */
  readonly filter: Shape;
  /** [N, OH, OW, O] */
  readonly output: Shape;
  readonly params: ParamsOf<'conv2d'>;
}

/** Offsets of: the group's first channel in a pixel of x, its first filter in a tap, its first channel in a pixel of the output. */
type Visit = (pixel: number, tap: number, result: number) => void;

/** Visits every triple whose pixel lies inside the image, group by group. */
function walkTaps({ x, filter, output, params }: Family, visit: Visit): void {
  const [batch, height, width, channels] = x as [number, number, number, number];
  const [kh, kw, groupChannels, filters] = filter as [number, number, number, number];
  const [, rows, columns] = output as [number, number, number, number];
  const { strides, padding, dilation, groups } = params;
  const groupFilters = filters / groups;
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < rows; p++) {
      for (let q = 0; q < columns; q++) {
        const result = ((n * rows + p) * columns + q) * filters;
        for (let i = 0; i < kh; i++) {
          const h = p * strides[0]! + i * dilation[0]! - padding[0][0]!;
          if (h < 0 || h >= height) continue;
          for (let j = 0; j < kw; j++) {
            const w = q * strides[1]! + j * dilation[1]! - padding[1][0]!;
            if (w < 0 || w >= width) continue;
            const pixel = ((n * height + h) * width + w) * channels;
            const tap = (i * kw + j) * groupChannels * filters;
            for (let g = 0; g < groups; g++) {
              visit(pixel + g * groupChannels, tap + g * groupFilters, result + g * groupFilters);
            }
          }
        }
      }
    }
  }
}

export const conv2d: Kernel<ParamsOf<'conv2d'>> = ([x, f], params, output) => {
  const family = { x: x!.shape, filter: f!.shape, output: output.shape, params };
  const [, , channels, filters] = f!.shape as [number, number, number, number];
  const perGroup = filters / params.groups;
  const { addScaled } = productsOf(output.dtype);
  const image = widen(x!.data);
  const taps = widen(f!.data);
  accumulate(output, (y) => {
    walkTaps(family, (pixel, tap, result) => {
      for (let c = 0; c < channels; c++) {
        addScaled(y, result, image[pixel + c]!, taps, tap + c * filters, perGroup);
      }
    });
  });
};

export const conv2dInputGrad: Kernel<ParamsOf<'conv2dInputGrad'>> = ([g, f], params, output) => {
  const family = { x: output.shape, filter: f!.shape, output: g!.shape, params };
  const [, , channels, filters] = f!.shape as [number, number, number, number];
  const perGroup = filters / params.groups;
  const { inner } = productsOf(output.dtype);
  const cotangent = widen(g!.data);
  const taps = widen(f!.data);
  accumulate(output, (image) => {
    walkTaps(family, (pixel, tap, result) => {
      for (let c = 0; c < channels; c++) {
        image[pixel + c]! += inner(cotangent, result, taps, tap + c * filters, perGroup);
      }
    });
  });
};

export const conv2dFilterGrad: Kernel<ParamsOf<'conv2dFilterGrad'>> = ([x, g], params, output) => {
  const family = { x: x!.shape, filter: output.shape, output: g!.shape, params };
  const [, , channels, filters] = output.shape as [number, number, number, number];
  const perGroup = filters / params.groups;
  const { addScaled } = productsOf(output.dtype);
  const image = widen(x!.data);
  const cotangent = widen(g!.data);
  accumulate(output, (taps) => {
    walkTaps(family, (pixel, tap, result) => {
      for (let c = 0; c < channels; c++) {
        addScaled(taps, tap + c * filters, image[pixel + c]!, cotangent, result, perGroup);
      }
    });
  });
};
