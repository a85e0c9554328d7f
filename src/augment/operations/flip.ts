import { reverse, sub } from '../../ops/index.js';
import type { AugmentOperation } from '../operation.js';

/** Mirrors the image left to right. */
export const flip: AugmentOperation = {
  name: 'flip',
  range: [1, 1],
  unit: 'mirrored',
  differentiable: false,
  draws: 0,
  change: (x) => sub(reverse(x, [3]), x),
};
