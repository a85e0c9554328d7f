import { type Shape, sizeOf } from '../../ir/index.js';
import type { ParamsOf } from '../../ops/index.js';
import { accumulate, type Kernel, widen } from './kernel.js';

export const takeRows: Kernel<ParamsOf<'takeRows'>> = ([index, x], _, { data }) => {
  const width = sizeOf(x!.shape.slice(1));
  index!.data.forEach((row, i) => {
    if (row < 0 || row >= x!.shape[0]!) return;
    for (let k = 0; k < width; k++) data[i * width + k] = x!.data[row * width + k]!;
  });
};

export const addRows: Kernel<ParamsOf<'addRows'>> = ([index, y], { rows }, output) => {
  const source = widen(y!.data);
  const width = sizeOf(output.shape.slice(1));
  accumulate(output, (total) => {
    index!.data.forEach((row, i) => {
      if (row < 0 || row >= rows) return;
      for (let k = 0; k < width; k++) total[row * width + k]! += source[i * width + k]!;
    });
  });
};

/**
 * Pairs each element i of the positions [N, OH, OW, C] with the place in the images [N, H, W, C] that it names; those out of range are
 * left out.
 */
function walkPositions(
  positions: ArrayLike<number>,
  shape: Shape,
  image: Shape,
  visit: (i: number, pixel: number) => void,
) {
  const [batch, rows, columns, channels] = shape as [number, number, number, number];
  const plane = image[1]! * image[2]!;
  let i = 0;
  for (let n = 0; n < batch; n++) {
    for (let pooled = 0; pooled < rows * columns; pooled++) {
      for (let c = 0; c < channels; c++, i++) {
        const position = positions[i]!;
        if (position >= 0 && position < plane) visit(i, (n * plane + position) * channels + c);
      }
    }
  }
}

export const planeTake: Kernel<ParamsOf<'planeTake'>> = ([index, x], _, { data }) => {
  walkPositions(index!.data, index!.shape, x!.shape, (i, pixel) => {
    data[i] = x!.data[pixel]!;
  });
};

export const planePut: Kernel<ParamsOf<'planePut'>> = ([index, y], _, output) => {
  const source = widen(y!.data);
  accumulate(output, (total) => {
    walkPositions(index!.data, index!.shape, output.shape, (i, pixel) => {
      total[pixel]! += source[i]!;
    });
  });
};
