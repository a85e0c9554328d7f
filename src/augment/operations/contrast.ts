import { expm1, mean, mul, sub } from '../../ops/index.js';
import { type AugmentOperation, signOf } from '../operation.js';
import { perImage } from '../planes.js';

/** Spreads the pixels about the image's mean by a factor of e^magnitude, or draws them together as much. */
export const contrast: AugmentOperation = {
  name: 'contrast',
  range: [0, 1],
  unit: 'log of the factor',
  differentiable: true,
  draws: 1,
  change(x, { magnitude, uniforms: [side] }) {
    const middle = mean(x, { axes: [1, 2, 3], keepDims: true });
    const more = expm1(mul(magnitude, signOf(side!)));
    return mul(sub(x, middle), perImage(more));
  },
};
