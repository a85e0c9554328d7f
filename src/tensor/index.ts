import {
  arrayFrom,
  type DType,
  holds,
  isTracing,
  type Shape,
  ShapeError,
  sizeOf,
  Tensor,
  type TypedArray,
  type Value,
} from '../ir/index.js';
import { full } from '../ops/index.js';

/** Numbers nested as deep as the tensor has axes. */
export type Nested = number | boolean | readonly Nested[];

/**
 * A tensor from nested numbers, or from a typed array and a shape. A typed array of the dtype's own class is not copied; do not write to
 * it afterwards. @throws {ShapeError} if rows differ in length or the number of elements is not that of `shape`.
 */
export function tensor(
  values: Nested | TypedArray,
  options: { readonly shape?: Shape; readonly dtype?: DType } = {},
): Tensor {
  if (ArrayBuffer.isView(values)) {
    const dtype = options.dtype ?? dtypeOf(values);
    const array = holds(dtype, values) ? values : arrayFrom(dtype, values);
    return Tensor.of(array, options.shape ?? [values.length], dtype);
  }
  const flat: number[] = [];
  const shape = collect(values, flat);
  return Tensor.of(arrayFrom(options.dtype ?? 'f32', flat), options.shape ?? shape, options.dtype ?? 'f32');
}

function dtypeOf(array: TypedArray): DType {
  if (array instanceof Float32Array) return 'f32';
  if (array instanceof Float64Array) return 'f64';
  return array instanceof Int32Array ? 'i32' : 'u8';
}

function collect(values: Nested, flat: number[]): number[] {
  if (!Array.isArray(values)) {
    flat.push(Number(values));
    return [];
  }
  const shapes = values.map((value: Nested) => collect(value, flat));
  const first = shapes[0] ?? [];
  const odd = shapes.findIndex((shape) => shape.join() !== first.join());
  if (odd > 0) {
    throw new ShapeError(`tensor: rows must be alike, row 0 has shape [${first}] and row ${odd} has [${shapes[odd]}]`);
  }
  return [values.length, ...first];
}

/** A tensor of one number. Inside a traced function it costs no memory. */
export const filled = (shape: Shape, value: number, dtype: DType = 'f32'): Value =>
  isTracing()
    ? full(shape, value, dtype)
    : Tensor.of(arrayFrom(dtype, new Float64Array(sizeOf(shape)).fill(value)), shape, dtype);
export const zeros = (shape: Shape, dtype: DType = 'f32'): Value => filled(shape, 0, dtype);
export const ones = (shape: Shape, dtype: DType = 'f32'): Value => filled(shape, 1, dtype);
