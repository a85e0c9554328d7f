import type { Shape } from '../../ir/index.js';
import type { ParamsOf } from '../../ops/index.js';
import { accumulate, type Kernel, widen } from './kernel.js';
import { beats } from './reduce.js';

/**
 * Visits every pair of a window and a pixel [H, W] inside it, windows in order. `pixel` and `result` are offsets of their first channels
 * in `image` [N, H, W, C] and `pooled` [N, OH, OW, C]; `position` is the pixel's place in its plane.
 */
function walkWindows(
  image: Shape,
  pooled: Shape,
  { window, strides, padding }: ParamsOf<'windowSum'>,
  visit: (pixel: number, result: number, position: number) => void,
): void {
  const [batch, height, width, channels] = image as [number, number, number, number];
  const [, rows, columns] = pooled as [number, number, number, number];
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < rows; p++) {
      for (let q = 0; q < columns; q++) {
        const result = ((n * rows + p) * columns + q) * channels;
        for (let i = 0; i < window[0]!; i++) {
          const h = p * strides[0]! + i - padding[0][0]!;
          if (h < 0 || h >= height) continue;
          for (let j = 0; j < window[1]!; j++) {
            const w = q * strides[1]! + j - padding[1][0]!;
            if (w < 0 || w >= width) continue;
            visit(((n * height + h) * width + w) * channels, result, h * width + w);
          }
        }
      }
    }
  }
}

export const windowArgmax: Kernel<ParamsOf<'windowArgmax'>> = ([x], params, output) => {
  const source = widen(x!.data);
  const channels = output.shape[3]!;
  const best = new Float64Array(output.data.length);
  const position = output.data.fill(-1);
  walkWindows(x!.shape, output.shape, params, (pixel, result, here) => {
    for (let c = 0; c < channels; c++) {
      const value = source[pixel + c]!;
      if (position[result + c] === -1 || beats(value, best[result + c]!)) {
        best[result + c] = value;
        position[result + c] = here;
      }
    }
  });
};

export const windowSum: Kernel<ParamsOf<'windowSum'>> = ([x], params, output) => {
  const source = widen(x!.data);
  const channels = output.shape[3]!;
  accumulate(output, (total) => {
    walkWindows(x!.shape, output.shape, params, (pixel, result) => {
      for (let c = 0; c < channels; c++) total[result + c]! += source[pixel + c]!;
    });
  });
};

export const windowSpread: Kernel<ParamsOf<'windowSpread'>> = ([y], params, output) => {
  const source = widen(y!.data);
  const channels = output.shape[3]!;
  accumulate(output, (total) => {
    walkWindows(output.shape, y!.shape, params, (pixel, result) => {
      for (let c = 0; c < channels; c++) total[pixel + c]! += source[result + c]!;
    });
  });
};
