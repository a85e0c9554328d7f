import { DTypeError } from './errors.js';

/** Element types. `f32` is the default; `f64` exists on every kernel so that derivatives can be verified; `bool` is one byte, 0 or 1. */
export type DType = 'f32' | 'f64' | 'i32' | 'bool' | 'u8';

/** The array that holds elements of any dtype on the host. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

interface DTypeInfo {
  readonly bytes: number;
  readonly float: boolean;
  readonly array: new (source: number | ArrayLike<number>) => TypedArray;
}

const table: { readonly [D in DType]: DTypeInfo } = {
  f32: { bytes: 4, float: true, array: Float32Array },
  f64: { bytes: 8, float: true, array: Float64Array },
  i32: { bytes: 4, float: false, array: Int32Array },
  bool: { bytes: 1, float: false, array: Uint8Array },
  u8: { bytes: 1, float: false, array: Uint8Array },
};

/** Bytes of one element. */
export const bytesOf = (dtype: DType): number => table[dtype].bytes;

/** Whether derivatives exist for this dtype. */
export const isFloat = (dtype: DType): boolean => table[dtype].float;

/** A zeroed host array of `size` elements. */
export const allocateArray = (dtype: DType, size: number): TypedArray => new table[dtype].array(size);

/** Copies numbers into a host array of `dtype`; values are converted as JavaScript's typed arrays convert them. */
export const arrayFrom = (dtype: DType, values: ArrayLike<number>): TypedArray => new table[dtype].array(values);

/** Whether `array` is the class in which `dtype` is held. */
export const holds = (dtype: DType, array: TypedArray): boolean => array instanceof table[dtype].array;

/** @throws {DTypeError} unless `dtype` is a float. */
export function requireFloat(operation: string, dtype: DType): void {
  if (!isFloat(dtype)) throw new DTypeError(`${operation}: needs f32 or f64, got ${dtype}; convert it first`);
}
