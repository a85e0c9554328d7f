import { add, convert, cos, floor, greaterEqual, mul, select, sin, sub, takeRows } from '../../ops/index.js';
import type { AugmentOperation } from '../operation.js';
import { perImage } from '../planes.js';

/** Fields of noise that are drawn. 64 of 32×32×3 are 197 thousand normal numbers; a batch of 128 would need twice as many at every step. */
const FIELDS = 64;

/**
 * Adds normal noise to every pixel. Of the fields drawn once each image takes two and turns them by an angle of its own, cos φ·a + sin φ·b, which
 * is standard normal again and never comes twice.
 */
export const noise: AugmentOperation = {
  name: 'noise',
  range: [0, 0.3],
  unit: 'pixel values',
  differentiable: true,
  draws: 3,
  table(random, imageShape) {
    const [height, width, channels] = imageShape;
    const shape = [FIELDS, channels, height, width];
    const size = shape.reduce((product, extent) => product * extent, 1);
    return { shape, values: Float64Array.from({ length: size }, () => random.normal()) };
  },
  change(_, { magnitude, uniforms: [first, second, turn], table }) {
    const one = floor(mul(first!, FIELDS));
    const next = add(one, add(floor(mul(second!, FIELDS - 1)), 1));
    const other = select(greaterEqual(next, FIELDS), sub(next, FIELDS), next);
    const angle = mul(turn!, 2 * Math.PI);
    const [a, b] = [one, other].map((field) => takeRows(table!, convert(field, 'i32')));
    const field = add(mul(a!, perImage(cos(angle))), mul(b!, perImage(sin(angle))));
    return mul(field, perImage(magnitude));
  },
};
