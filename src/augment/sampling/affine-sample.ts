import { formatAval, ShapeError, type Value } from '../../ir/index.js';
import {
  add,
  broadcastTo,
  convert,
  floor,
  greaterEqual,
  iota,
  less,
  logicalAnd,
  mul,
  reshape,
  select,
  sub,
  takePixels,
} from '../../ops/index.js';
import { perImage } from '../planes.js';

/** An affine map about the centre of the image, in pixels: p ↦ A·(p − centre) + centre + d. Each [N]. */
export interface AffineMap {
  /** A: what the source's y takes of the target's y and x, and its x of y and x. Absent: 1 on the diagonal, 0 beside it. */
  readonly yy?: Value;
  readonly yx?: Value;
  readonly xy?: Value;
  readonly xx?: Value;
  /** d. Absent: 0. */
  readonly dy?: Value;
  readonly dx?: Value;
}

/**
 * Each image read at the places that its map sends the pixels to: bilinear between the four neighbours, zero outside. Planes [N, C, H, W] → the
 * same.
 *
 * Differentiable in the image (linear) and in the map (piecewise: where a place lies on the grid exactly, the side towards larger coordinates
 * counts).
 */
export function affineSample(planes: Value, map: AffineMap): Value {
  if (planes.rank !== 4) {
    throw new ShapeError(`affineSample: planes must be [N, C, H, W], got ${formatAval(planes.aval)}`);
  }
  const [, , height, width] = planes.shape as [number, number, number, number];
  const row = sub(iota([1, 1, height, 1], 2, planes.dtype), (height - 1) / 2);
  const column = sub(iota([1, 1, 1, width], 3, planes.dtype), (width - 1) / 2);
  const y = add(combine(map.yy, row, map.yx, column, map.dy), (height - 1) / 2);
  const x = add(combine(map.xx, column, map.xy, row, map.dx), (width - 1) / 2);
  return bilinear(planes, y, x);
}

/** a·own + b·other + c, with a = 1, b = 0 and c = 0 where absent. */
function combine(a: Value | undefined, own: Value, b: Value | undefined, other: Value, c: Value | undefined): Value {
  const scaled = a ? mul(own, perImage(a)) : own;
  const mixed = b ? add(scaled, mul(other, perImage(b))) : scaled;
  return c ? add(mixed, perImage(c)) : mixed;
}

/** Planes [N, C, H, W] at the coordinates y and x, which broadcast to [N, 1, H, W]. */
function bilinear(planes: Value, y: Value, x: Value): Value {
  const [count, channels, height, width] = planes.shape as [number, number, number, number];
  const [top, left] = [floor(y), floor(x)];
  const pixel = add(mul(top, width), left);
  const images = reshape(planes, [count * channels, height, width, 1]);
  /** The neighbour that lies so many pixels below and to the right. */
  const neighbour = (down: number, right: number): Value => {
    const inside = logicalAnd(
      logicalAnd(greaterEqual(top, -down), less(top, height - down)),
      logicalAnd(greaterEqual(left, -right), less(left, width - right)),
    );
    const position = convert(select(inside, add(pixel, down * width + right), -1), 'i32');
    const positions = reshape(broadcastTo(position, planes.shape), images.shape);
    return reshape(takePixels(images, positions), planes.shape);
  };
  const [below, beside] = [sub(y, top), sub(x, left)];
  const between = (from: Value, to: Value, share: Value): Value => add(from, mul(share, sub(to, from)));
  const upper = between(neighbour(0, 0), neighbour(0, 1), beside);
  const lower = between(neighbour(1, 0), neighbour(1, 1), beside);
  return between(upper, lower, below);
}
