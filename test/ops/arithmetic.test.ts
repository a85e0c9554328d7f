import { describe, expect, test } from 'vitest';
import { DTypeError, type Tensor, type Value } from '../../src/ir/index.js';
import {
  add,
  argmax,
  averagePool,
  conv2d,
  div,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  matmul,
  max,
  maximum,
  maxPool,
  mean,
  minimum,
  mul,
  neg,
  pow,
  select,
  sub,
  sum,
} from '../../src/ops/index.js';
import { evaluate } from '../support/evaluate.js';
import { programOf } from '../support/programs.js';
import { tensorOf } from '../support/tensors.js';

const x = tensorOf([1, 2, 3, 4, 5, 6], [2, 3], 'f32');
const row = tensorOf([10, 20, 30], [3], 'f32');

const elements = (fn: (...inputs: Value[]) => Value, ...inputs: Tensor[]): number[] => [...evaluate(fn, inputs).data()];
const shape = (fn: (...inputs: Value[]) => Value, ...inputs: Tensor[]): number[] => [...evaluate(fn, inputs).shape];
const fails =
  (fn: (...inputs: Value[]) => Value, ...inputs: Tensor[]): (() => unknown) =>
  () =>
    programOf(
      (...values) => [fn(...values)],
      inputs.map((input) => input.aval),
    );

describe('arithmetic', () => {
  test('broadcasts, and takes numbers on either side', () => {
    expect(elements((a, b) => add(a!, b!), x, row)).toEqual([11, 22, 33, 14, 25, 36]);
    expect(elements((a) => sub(10, a!), x)).toEqual([9, 8, 7, 6, 5, 4]);
    expect(elements((a) => div(a!, 2), x)).toEqual([0.5, 1, 1.5, 2, 2.5, 3]);
    expect(elements((a) => pow(2, a!), row)).toEqual([2 ** 10, 2 ** 20, 2 ** 30]);
  });

  test('refuses two numbers, unequal dtypes, unequal shapes and bits', () => {
    expect(() => add(1, 2)).toThrow('one operand must be a tensor, got the numbers 1 and 2');
    expect(fails((a, b) => mul(a!, b!), x, tensorOf([1], [1], 'f64'))).toThrow(DTypeError);
    expect(fails((a, b) => mul(a!, b!), x, tensorOf([1, 2], [2], 'f32'))).toThrow('do not broadcast');
    const bits = tensorOf([1, 0], [2], 'bool');
    for (const operation of [add, sub, mul, div, maximum, minimum, pow]) {
      expect(fails((a) => operation(a!, a!), bits)).toThrow('bool has no arithmetic');
    }
    expect(fails((a) => neg(a!), bits)).toThrow('bool has no arithmetic');
    expect(fails((a) => sum(a!), bits)).toThrow('bool has no arithmetic');
  });
});

describe('comparisons', () => {
  test('give bits, in both directions', () => {
    expect(evaluate((a) => less(a!, 3), [x]).dtype).toBe('bool');
    expect(elements((a) => less(a!, 3), x)).toEqual([1, 1, 0, 0, 0, 0]);
    expect(elements((a) => lessEqual(a!, 3), x)).toEqual([1, 1, 1, 0, 0, 0]);
    expect(elements((a) => greater(a!, 3), x)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(elements((a) => greaterEqual(a!, 3), x)).toEqual([0, 0, 1, 1, 1, 1]);
    expect(elements((a) => equal(a!, 3), x)).toEqual([0, 0, 1, 0, 0, 0]);
  });

  test('combine', () => {
    const between = (a: Value): Value => logicalAnd(greater(a, 1), less(a, 4));
    expect(elements((a) => between(a!), x)).toEqual([0, 1, 1, 0, 0, 0]);
    expect(elements((a) => logicalOr(between(a!), logicalNot(less(a!, 6))), x)).toEqual([0, 1, 1, 0, 0, 1]);
    expect(fails((a) => logicalNot(a!), x)).toThrow('operands must be bool, got f32[2, 3]');
  });

  test('choose, all three broadcast together', () => {
    const column = tensorOf([1, 0], [2, 1], 'bool');
    expect(elements((p, b) => select(p!, b!, -1), column, row)).toEqual([10, 20, 30, -1, -1, -1]);
    expect(elements((p, a, b) => select(p!, a!, b!), column, x, row)).toEqual([1, 2, 3, 10, 20, 30]);
    expect(fails((a) => select(a!, a!, a!), x)).toThrow('operands must be bool');
  });
});

describe('reductions', () => {
  test('fold all axes by default, and keep them if asked to', () => {
    expect(elements((a) => sum(a!), x)).toEqual([21]);
    expect(elements((a) => max(a!, { axes: 0 }), x)).toEqual([4, 5, 6]);
    expect(elements((a) => mean(a!, { axes: -1 }), x)).toEqual([2, 5]);
    expect(shape((a) => sum(a!, { axes: 1, keepDims: true }), x)).toEqual([2, 1]);
    expect(shape((a) => sum(a!, { keepDims: true }), x)).toEqual([1, 1]);
  });

  test('over no axes change nothing', () => {
    expect(elements((a) => sum(a!, { axes: [] }), x)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('have no largest or mean of nothing', () => {
    const none = tensorOf([], [0, 3], 'f32');
    expect(fails((a) => max(a!, { axes: 0 }), none)).toThrow('there is no largest of nothing');
    expect(fails((a) => mean(a!), none)).toThrow('has no elements to average');
    expect(fails((a) => argmax(a!, 0), none)).toThrow('empty along axis 0');
    expect(elements((a) => sum(a!, { axes: 0 }), none)).toEqual([0, 0, 0]);
  });

  test('find positions', () => {
    expect(elements((a) => argmax(a!), x)).toEqual([2, 2]);
    expect(elements((a) => argmax(a!, 0), x)).toEqual([1, 1, 1]);
    expect(fails((a) => argmax(a!, 2), x)).toThrow('axis 2 is out of range');
  });
});

describe('matmul', () => {
  test('multiplies matrices in every form', () => {
    expect(elements((a) => matmul(a!, a!, { transB: true }), x)).toEqual([14, 32, 32, 77]);
    expect(elements((a) => matmul(a!, a!, { transA: true }), x)).toEqual([17, 22, 27, 22, 29, 36, 27, 36, 45]);
  });

  test('takes vectors for a row on the left and a column on the right', () => {
    expect(elements((a, v) => matmul(a!, v!), x, row)).toEqual([140, 320]);
    expect(elements((v) => matmul(v!, v!), row)).toEqual([1400]);
    expect(shape((v) => matmul(v!, v!), row)).toEqual([]);
    const pair = tensorOf([1, -1], [2], 'f32');
    expect(elements((v, a) => matmul(v!, a!), pair, x)).toEqual([-3, -3, -3]);
  });

  test('broadcasts leading axes', () => {
    const batch = tensorOf(new Float32Array(24).fill(1), [4, 3, 2], 'f32');
    expect(shape((a, b) => matmul(a!, b!), x, batch)).toEqual([4, 2, 2]);
  });

  test('tells which extents do not fit', () => {
    expect(fails((a) => matmul(a!, a!), x)).toThrow('inner extents must agree, got 3 and 2 in f32[2, 3] · f32[2, 3]');
    expect(fails((a) => matmul(sum(a!), a!), x)).toThrow('operands need at least one axis');
  });
});

describe('images', () => {
  const image = tensorOf(
    Array.from({ length: 16 }, (_, i) => i),
    [1, 4, 4, 1],
    'f32',
  );
  const box = tensorOf(new Float32Array(9).fill(1), [3, 3, 1, 1], 'f32');

  test('keep their size under convolution unless told otherwise', () => {
    expect(shape((a, f) => conv2d(a!, f!), image, box)).toEqual([1, 4, 4, 1]);
    expect(shape((a, f) => conv2d(a!, f!, { strides: 2 }), image, box)).toEqual([1, 2, 2, 1]);
    expect(shape((a, f) => conv2d(a!, f!, { padding: 'valid' }), image, box)).toEqual([1, 2, 2, 1]);
    expect(shape((a, f) => conv2d(a!, f!, { padding: 2 }), image, box)).toEqual([1, 6, 6, 1]);
    expect(elements((a, f) => conv2d(a!, f!, { padding: 'valid' }), image, box)).toEqual([45, 54, 81, 90]);
  });

  test('put the odd pixel of padding after', () => {
    const pixel = tensorOf([0, 0, 0, 1], [2, 2, 1, 1], 'f32');
    const shifted = elements((a, f) => conv2d(a!, f!), image, pixel);
    expect(shifted.slice(0, 4)).toEqual([5, 6, 7, 0]);
  });

  test('tell what does not fit a convolution', () => {
    const deep = tensorOf(new Float32Array(18), [3, 3, 2, 1], 'f32');
    expect(fails((a, f) => conv2d(a!, f!), image, deep)).toThrow('filter expects 2 input channels, x has 1');
    expect(fails((a, f) => conv2d(a!, f!, { groups: 2 }), image, box)).toThrow('filter expects 2 input channels');
    expect(fails((a, f) => conv2d(a!, f!, { strides: 0 }), image, box)).toThrow('must be at least 1');
    expect(fails((a, f) => conv2d(a!, f!, { padding: -1 }), image, box)).toThrow('padding at least 0');
    expect(fails((a) => conv2d(a!, a!), x)).toThrow('input must have 4 axes, got f32[2, 3]');
  });

  test('are pooled', () => {
    expect(elements((a) => maxPool(a!, { window: 2 }), image)).toEqual([5, 7, 13, 15]);
    expect(elements((a) => averagePool(a!, { window: 2 }), image)).toEqual([2.5, 4.5, 10.5, 12.5]);
    expect(shape((a) => maxPool(a!, { window: 3, strides: 2, padding: 'same' }), image)).toEqual([1, 2, 2, 1]);
    expect(fails((a) => maxPool(a!, { window: 2, padding: 2 }), image)).toThrow('must be smaller than the window');
    expect(fails((a) => maxPool(a!, { window: 0 }), image)).toThrow('must be at least 1');
  });
});
