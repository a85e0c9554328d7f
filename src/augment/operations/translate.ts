import { cos, mul, sin, sub } from '../../ops/index.js';
import type { AugmentOperation } from '../operation.js';
import { axisSample } from '../sampling/axis-sample.js';

/** Moves the image in any direction. */
export const translate: AugmentOperation = {
  name: 'translate',
  range: [0, 0.3],
  unit: "of the image's side",
  differentiable: true,
  draws: 1,
  change(x, { magnitude, uniforms: [direction] }) {
    const angle = mul(direction!, 2 * Math.PI);
    const [, , height, width] = x.shape;
    const [dy, dx] = [mul(mul(sin(angle), magnitude), height!), mul(mul(cos(angle), magnitude), width!)];
    return sub(axisSample(x, { dy, dx }), x);
  },
};
