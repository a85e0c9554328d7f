import { describe, expect, test } from 'vitest';
import { classificationErrors, DataError } from '../../src/index.js';

describe('classificationErrors', () => {
  test('by hand: 1 of 4, 1 of 2 and 2 of 2 wrong', () => {
    const { classError, balancedError, error } = classificationErrors(
      Int32Array.of(0, 0, 0, 1, 1, 2, 0, 1),
      Int32Array.of(0, 0, 0, 0, 1, 1, 2, 2),
      3,
    );
    expect(classError).toEqual([25, 50, 100]);
    expect(balancedError).toBeCloseTo(175 / 3, 12);
    expect(error).toBe(50);
  });

  test('all right and all wrong', () => {
    expect(classificationErrors([0, 1, 1], [0, 1, 1], 2)).toEqual({ classError: [0, 0], balancedError: 0, error: 0 });
    expect(classificationErrors([1, 0, 0], [0, 1, 1], 2)).toEqual({
      classError: [100, 100],
      balancedError: 100,
      error: 100,
    });
  });

  test('a class without samples is NaN and left out of the mean, also if it was predicted', () => {
    const { classError, balancedError, error } = classificationErrors([0, 2, 1, 1], [0, 0, 1, 1], 4);
    expect(classError).toEqual([50, 0, Number.NaN, Number.NaN]);
    expect(balancedError).toBe(25);
    expect(error).toBe(25);
  });

  test('always predicting the large class: a small error, a large balanced one', () => {
    const labels = [...Array<number>(99).fill(0), 1];
    const { balancedError, error } = classificationErrors(new Int32Array(100), labels, 2);
    expect(error).toBe(1);
    expect(balancedError).toBe(50);
  });

  test.each([
    [[0, 1], [0], /got 2 and 1/],
    [[0], [0, 1], /got 1 and 2/],
    [[], [], /got 0 and 0/],
  ])('predictions %j for labels %j are refused', (predictions, labels, message) => {
    expect(() => classificationErrors(predictions, labels, 2)).toThrow(DataError);
    expect(() => classificationErrors(predictions, labels, 2)).toThrow(message);
  });
});
