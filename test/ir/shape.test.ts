import { describe, expect, test } from 'vitest';
import {
  broadcastShapes,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  ShapeError,
  sameShape,
  sizeOf,
  stridesOf,
} from '../../src/ir/index.js';

describe('sizeOf', () => {
  test('multiplies extents; a scalar has one element', () => {
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([2, 3, 4])).toBe(24);
    expect(sizeOf([5, 0, 7])).toBe(0);
  });

  test.each([[[-1]], [[1.5]], [[Number.NaN]], [[2, Number.POSITIVE_INFINITY]]])('refuses the extents %s', (shape) => {
    expect(() => sizeOf(shape)).toThrow(ShapeError);
  });

  test('refuses more elements than can be counted exactly', () => {
    expect(() => sizeOf([2 ** 27, 2 ** 27])).toThrow('more elements than a number can count');
  });

  test('refuses more than eight axes', () => {
    expect(sizeOf(new Array<number>(8).fill(1))).toBe(1);
    expect(() => sizeOf(new Array<number>(9).fill(1))).toThrow('at most 8 axes, got 9');
  });
});

test('strides are row-major', () => {
  expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
  expect(stridesOf([])).toEqual([]);
});

test('shapes are equal when their extents are', () => {
  expect(sameShape([2, 3], [2, 3])).toBe(true);
  expect(sameShape([2, 3], [3, 2])).toBe(false);
  expect(sameShape([2], [2, 1])).toBe(false);
  expect(formatShape([2, 3])).toBe('[2, 3]');
});

describe('axes', () => {
  test('count from the end when negative', () => {
    expect(normalizeAxis('op', -1, 3)).toBe(2);
    expect(normalizeAxes('op', [-1, 0], 3)).toEqual([0, 2]);
    expect(normalizeAxes('op', 1, 3)).toEqual([1]);
    expect(normalizeAxes('op', undefined, 2)).toEqual([0, 1]);
    expect(normalizeAxes('op', [], 2)).toEqual([]);
  });

  test.each([3, -4, 0.5])('%s is out of range for rank 3', (axis) => {
    expect(() => normalizeAxis('op', axis, 3)).toThrow(`op: axis ${axis} is out of range for rank 3; use -3 to 2`);
  });

  test('may not repeat', () => {
    expect(() => normalizeAxes('op', [0, -2], 2)).toThrow('name one axis twice');
  });
});

describe('broadcasting', () => {
  test('aligns trailing axes and repeats ones', () => {
    expect(broadcastShapes('op', [2, 3], [3])).toEqual([2, 3]);
    expect(broadcastShapes('op', [4, 1, 3], [2, 1])).toEqual([4, 2, 3]);
    expect(broadcastShapes('op', [], [5])).toEqual([5]);
    expect(broadcastShapes('op', [1, 3], [0, 1])).toEqual([0, 3]);
  });

  test('tells which extents do not fit', () => {
    expect(() => broadcastShapes('add', [2, 3], [2, 4])).toThrow(
      'add: [2, 3] and [2, 4] do not broadcast; extents 3 and 4 differ and neither is 1',
    );
  });
});
