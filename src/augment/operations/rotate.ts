import { cos, mul, neg, sin, sub } from '../../ops/index.js';
import { type AugmentOperation, signOf } from '../operation.js';
import { affineSample } from '../sampling/affine-sample.js';

/** Turns the image about its centre, either way. */
export const rotate: AugmentOperation = {
  name: 'rotate',
  range: [0, 60],
  unit: 'degrees',
  differentiable: true,
  draws: 1,
  change(x, { magnitude, uniforms: [side] }) {
    const angle = mul(mul(magnitude, Math.PI / 180), signOf(side!));
    const [c, s] = [cos(angle), sin(angle)];
    return sub(affineSample(x, { yy: c, yx: s, xy: neg(s), xx: c }), x);
  },
};
