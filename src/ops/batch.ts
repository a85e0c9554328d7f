import { type BatchContext, type Params, type Primitive, sizeOf, type Value } from '../ir/index.js';
import { apply, repeat } from './calculus.js';
import { reshape, transpose } from './movement.js';

/** How a batch axis becomes part of an axis that an operation has already, and comes out of it again. */

/**
 * [B, ...shape] → `shape` with B times the extent along `axis`: the batch index joins that axis in front, or inside each of the `blocks`
 * that the axis consists of. A view if nothing lies before it, one transposition otherwise.
 */
export function joinAxis(x: Value, axis: number, blocks = 1): Value {
  const [size, ...shape] = x.shape as [number, ...number[]];
  const before = sizeOf(shape.slice(0, axis)) * blocks;
  return reshape(exchange(x, size, before), shape.with(axis, size * shape[axis]!));
}

/** The inverse of {@link joinAxis}: takes the batch index out of `axis` and puts it in front. */
export function splitAxis(x: Value, size: number, axis: number, blocks = 1): Value {
  const shape = x.shape.with(axis, x.shape[axis]! / size);
  const before = sizeOf(shape.slice(0, axis)) * blocks;
  return reshape(exchange(x, before, size), [size, ...shape]);
}

/** The elements [first, second, …] in the order [second, first, …]. */
const exchange = (x: Value, first: number, second: number): Value =>
  first === 1 || second === 1 || x.size === 0
    ? x
    : transpose(reshape(x, [first, second, x.size / (first * second)]), [1, 0, 2]);

/** The batch rule of operations on images [N, …], one by one: a batch of batches is a larger batch. */
export function batchImages<P extends Params>(
  primitive: Primitive<P>,
  { params, size, inputs, batched }: BatchContext<P>,
): Value {
  const images = inputs.map((x, i) => joinAxis(batched[i] ? x : repeat(x, size), 0));
  return splitAxis(apply(primitive, images, params), size, 0);
}
