import { less, mul, select, sub } from '../../ops/index.js';
import { type AugmentOperation, signOf } from '../operation.js';
import { affineSample } from '../sampling/affine-sample.js';

/** Shifts every row, or every column, in proportion to its distance from the centre, either way. */
export const shear: AugmentOperation = {
  name: 'shear',
  range: [0, 0.7],
  unit: 'pixels per pixel',
  differentiable: true,
  draws: 2,
  change(x, { magnitude, uniforms: [side, axis] }) {
    const slope = mul(magnitude, signOf(side!));
    const alongRows = less(axis!, 0.5);
    const map = { xy: select(alongRows, slope, 0), yx: select(alongRows, 0, slope) };
    return sub(affineSample(x, map), x);
  },
};
