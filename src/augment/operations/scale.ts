import { exp, mul, sub } from '../../ops/index.js';
import { type AugmentOperation, signOf } from '../operation.js';
import { axisSample } from '../sampling/axis-sample.js';

/** Enlarges the image by a factor of e^magnitude about its centre, or shrinks it as much. */
export const scale: AugmentOperation = {
  name: 'scale',
  range: [0, 0.7],
  unit: 'log of the factor',
  differentiable: true,
  draws: 1,
  change: (x, { magnitude, uniforms: [side] }) => sub(axisSample(x, { zoom: exp(mul(magnitude, signOf(side!))) }), x),
};
