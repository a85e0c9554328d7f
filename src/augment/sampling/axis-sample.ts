import type { Value } from '../../ir/index.js';
import { abs, add, iota, matmul, maximum, mul, reshape, sub } from '../../ops/index.js';

/** A map of each axis by itself, about the centre of the image, in pixels: y ↦ zoom·(y − centre) + centre + dy, and x likewise. Each [N]. */
export interface AxisMap {
  readonly zoom?: Value;
  readonly dy?: Value;
  readonly dx?: Value;
}

/**
 * Each image read at the places that its map sends the pixels to: bilinear between the four neighbours, zero outside. Planes [N, C, H, W] → the
 * same.
 *
 * What {@link affineSample} does for any affine map, for those that do not mix the axes: the weights of the neighbours are then a matrix of hat
 * functions for the rows and one for the columns, and two products with them take a third of the time, derivatives included (128 images of
 * 28×28×1: 0.16 ms forward, 0.5 ms with the gradients in image and map). Where a place lies on the grid exactly, the derivative in the map is the
 * mean of both sides.
 */
export function axisSample(planes: Value, { zoom, dy, dx }: AxisMap): Value {
  const [, , height, width] = planes.shape as [number, number, number, number];
  const rows = weights(planes, height, zoom, dy);
  const columns = weights(planes, width, zoom, dx);
  return matmul(matmul(rows, planes), columns, { transB: true });
}

/** max(0, 1 − |source − j|) for every target i and source j: [N, 1, extent, extent]. */
function weights(planes: Value, extent: number, zoom: Value | undefined, shift: Value | undefined): Value {
  const count = planes.shape[0]!;
  const perImage = (value: Value): Value => reshape(value, [count, 1, 1, 1]);
  const middle = (extent - 1) / 2;
  const target = sub(iota([count, 1, extent, 1], 2, planes.dtype), middle);
  const zoomed = add(zoom ? mul(target, perImage(zoom)) : target, middle);
  const source = shift ? add(zoomed, perImage(shift)) : zoomed;
  const distance = abs(sub(source, iota([1, 1, 1, extent], 3, planes.dtype)));
  return maximum(sub(1, distance), 0);
}
