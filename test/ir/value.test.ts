import { describe, expect, test } from 'vitest';
import {
  allocateArray,
  arrayFrom,
  bytesOf,
  DTypeError,
  holds,
  isFloat,
  ShapeError,
  Tensor,
} from '../../src/ir/index.js';

describe('dtypes', () => {
  test('have sizes, and only floats have derivatives', () => {
    expect((['f32', 'f64', 'i32', 'bool', 'u8'] as const).map(bytesOf)).toEqual([4, 8, 4, 1, 1]);
    expect((['f32', 'f64', 'i32', 'bool', 'u8'] as const).map(isFloat)).toEqual([true, true, false, false, false]);
  });

  test('are held in arrays of their own', () => {
    expect(allocateArray('f64', 2)).toEqual(new Float64Array(2));
    expect(arrayFrom('u8', [1, 257])).toEqual(Uint8Array.of(1, 1));
    expect(holds('bool', new Uint8Array(1))).toBe(true);
    expect(holds('f32', new Float64Array(1))).toBe(false);
  });
});

describe('a tensor', () => {
  test('wraps an array without copying it', () => {
    const array = Float32Array.of(1, 2, 3, 4, 5, 6);
    const x = Tensor.of(array, [2, 3], 'f32');
    expect([x.rank, x.size, x.dtype, x.shape]).toEqual([2, 6, 'f32', [2, 3]]);
    expect(x.data()).toBe(array);
  });

  test('does not change when the shape it was given does', () => {
    const shape = [2];
    const x = Tensor.of(Float32Array.of(1, 2), shape, 'f32');
    shape[0] = 99;
    expect(x.shape).toEqual([2]);
  });

  test('needs as many elements as its shape says', () => {
    expect(() => Tensor.of(new Float32Array(5), [2, 3], 'f32')).toThrow(ShapeError);
    expect(() => Tensor.of(new Float32Array(5), [2, 3], 'f32')).toThrow('shape [2, 3] needs 6 elements, got 5');
  });

  test('needs the array of its dtype', () => {
    expect(() => Tensor.of(new Float64Array(1), [1], 'f32')).toThrow(DTypeError);
    expect(() => Tensor.of(new Float64Array(1), [1], 'f32')).toThrow('f32 is not held in a Float64Array');
  });

  test('has an item if it has one element', () => {
    expect(Tensor.of(Float32Array.of(7), [1, 1], 'f32').item()).toBe(7);
    expect(() => Tensor.of(new Float32Array(2), [2], 'f32').item()).toThrow('needs exactly one element, got [2]');
  });
});
