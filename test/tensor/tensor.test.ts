import { describe, expect, test } from 'vitest';
import { add, compile, DTypeError, filled, ones, ShapeError, tensor, type Value, zeros } from '../../src/index.js';

const elements = (x: Value): number[] => Array.from(x.data());

describe('tensor of nested numbers', () => {
  test.each([
    [7, [], [7]],
    [[1, 2, 3], [3], [1, 2, 3]],
    [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ],
    [
      [
        [[1], [2]],
        [[3], [4]],
      ],
      [2, 2, 1],
      [1, 2, 3, 4],
    ],
    [[], [0], []],
    [[[], []], [2, 0], []],
  ])('%j has shape %j', (nested, shape, flat) => {
    const x = tensor(nested);
    expect(x.shape).toEqual(shape);
    expect(x.rank).toBe(shape.length);
    expect(x.size).toBe(flat.length);
    expect(x.dtype).toBe('f32');
    expect(elements(x)).toEqual(flat);
  });

  test.each([
    [[[1, 2], [3]], /row 0 has shape \[2\] and row 1 has \[1\]/],
    [[[1, 2], [3, 4], 5], /row 0 has shape \[2\] and row 2 has \[\]/],
    [[1, [2]], /row 0 has shape \[\] and row 1 has \[1\]/],
    [[[[1], [2]], [[3]]], /row 0 has shape \[2,1\] and row 1 has \[1,1\]/],
  ])('ragged %j is refused, naming the row', (ragged, message) => {
    expect(() => tensor(ragged)).toThrow(ShapeError);
    expect(() => tensor(ragged)).toThrow(message);
  });

  test('a shape may be given for flat numbers, if it has as many elements', () => {
    expect(tensor([1, 2, 3, 4, 5, 6], { shape: [3, 2] }).shape).toEqual([3, 2]);
    expect(tensor(5, { shape: [1, 1] }).shape).toEqual([1, 1]);
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow(/shape \[2, 2\] needs 4 elements, got 3/);
    expect(() => tensor([1], { shape: [-1] })).toThrow(ShapeError);
    expect(() => tensor([1], { shape: [0.5] })).toThrow(ShapeError);
  });

  test('numbers are converted as the typed array of the dtype converts them', () => {
    expect(elements(tensor(0.1))).toEqual([Math.fround(0.1)]);
    expect(elements(tensor(0.1, { dtype: 'f64' }))).toEqual([0.1]);
    expect(elements(tensor([1.9, -1.9], { dtype: 'i32' }))).toEqual([1, -1]);
    expect(elements(tensor([0, 255], { dtype: 'u8' }))).toEqual([0, 255]);
    expect(elements(tensor([true, false], { dtype: 'bool' }))).toEqual([1, 0]);
    expect(elements(tensor([Number.NaN, Number.POSITIVE_INFINITY]))).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
  });
});

describe('tensor of a typed array', () => {
  test.each([
    [new Float32Array([1, 2]), 'f32'],
    [new Float64Array([1, 2]), 'f64'],
    [new Int32Array([1, 2]), 'i32'],
    [new Uint8Array([1, 2]), 'u8'],
  ] as const)('its class decides the dtype, and it is not copied (%#)', (array, dtype) => {
    const x = tensor(array);
    expect(x.dtype).toBe(dtype);
    expect(x.shape).toEqual([2]);
    expect(x.data()).toBe(array);
  });

  test('it is wrapped in a shape, or converted to another dtype by copying', () => {
    const array = Float64Array.of(0.5, -1.5, 2, 3);
    expect(tensor(array, { shape: [2, 2] }).data()).toBe(array);
    const converted = tensor(array, { dtype: 'i32' });
    expect(elements(converted)).toEqual([0, -1, 2, 3]);
    const bytes = Uint8Array.of(1, 0);
    expect(tensor(bytes, { dtype: 'bool' }).data()).toBe(bytes);
  });

  test('the shape must have as many elements', () => {
    expect(() => tensor(new Float32Array(3), { shape: [2, 2] })).toThrow(ShapeError);
    expect(() => tensor(new Float32Array(3), { shape: [] })).toThrow(ShapeError);
  });
});

describe('filled, zeros and ones', () => {
  test('have their shape, dtype and number', () => {
    expect(elements(filled([2, 2], 2.5))).toEqual([2.5, 2.5, 2.5, 2.5]);
    expect(elements(zeros([3], 'i32'))).toEqual([0, 0, 0]);
    const one = ones([], 'f64');
    expect([one.shape, one.dtype, one.item()]).toEqual([[], 'f64', 1]);
    expect(zeros([0, 4]).size).toBe(0);
  });

  test('mean the same inside a compiled function', () => {
    const made = compile((_: Value) => ({ half: filled([2], 0.5, 'f64'), one: ones([2, 1]), zero: zeros([3], 'i32') }));
    const { half, one, zero } = made(tensor(0));
    expect([half.dtype, elements(half)]).toEqual(['f64', [0.5, 0.5]]);
    expect([one.shape, elements(one)]).toEqual([
      [2, 1],
      [1, 1],
    ]);
    expect([zero.dtype, elements(zero)]).toEqual(['i32', [0, 0, 0]]);
  });
});

test('item needs exactly one element', () => {
  expect(tensor([[3]]).item()).toBe(3);
  expect(() => tensor([1, 2]).item()).toThrow(/exactly one element, got \[2\]/);
  expect(() => tensor([]).item()).toThrow(ShapeError);
});

test('a traced value has no data', () => {
  expect(() => compile((x: Value) => tensor(x.item()))(tensor(1))).toThrow(/has no elements yet/);
});

test('two dtypes do not mix by themselves', () => {
  expect(() => add(tensor(1), tensor(2, { dtype: 'f64' }))).toThrow(DTypeError);
});
