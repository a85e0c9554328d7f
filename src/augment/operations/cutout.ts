import type { Value } from '../../ir/index.js';
import { add, iota, maximum, minimum, mul, neg, sub } from '../../ops/index.js';
import type { AugmentOperation } from '../operation.js';
import { perImage } from '../planes.js';

/**
 * Blackens a box somewhere in the image (DeVries and Taylor 2017). A pixel fades by the share of it that the box covers, so the box has any size,
 * and a derivative in it.
 */
export const cutout: AugmentOperation = {
  name: 'cutout',
  range: [0, 0.6],
  unit: "of the image's side",
  differentiable: true,
  draws: 2,
  change(x, { magnitude, uniforms: [down, across] }) {
    const covered = mul(coveredAlong(x, 2, down!, magnitude), coveredAlong(x, 3, across!, magnitude));
    return neg(mul(x, covered));
  },
};

/** The share of each row (axis 2) or column (axis 3) that a box of that centre and side covers. */
function coveredAlong(x: Value, axis: 2 | 3, centre: Value, side: Value): Value {
  const extent = x.shape[axis]!;
  const shape = [1, 1, 1, 1].with(axis, extent);
  const start = iota(shape, axis, x.dtype);
  const middle = perImage(mul(centre, extent));
  const half = perImage(mul(side, extent / 2));
  const overlap = sub(minimum(add(start, 1), add(middle, half)), maximum(start, sub(middle, half)));
  return maximum(overlap, 0);
}
