import { mul } from '../../ops/index.js';
import { type AugmentOperation, signOf } from '../operation.js';
import { perImage } from '../planes.js';

/** Adds to every pixel, or takes away. Nothing is cut off at black or white, where derivatives would end. */
export const brightness: AugmentOperation = {
  name: 'brightness',
  range: [0, 0.5],
  unit: 'pixel values',
  differentiable: true,
  draws: 1,
  change: (_, { magnitude, uniforms: [side] }) => perImage(mul(magnitude, signOf(side!))),
};
