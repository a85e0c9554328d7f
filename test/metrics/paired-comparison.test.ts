import { describe, expect, test } from 'vitest';
import { DataError, NumericError, pairedComparison } from '../../src/index.js';

describe('pairedComparison', () => {
  test('by hand: differences −1, 0, −2, 1, −3', () => {
    const result = pairedComparison([1, 2, 3, 4, 5], [2, 2, 5, 3, 8]);
    expect(result).toMatchObject({ pairs: 5, differences: [-1, 0, -2, 1, -3], mean: -1, below: 3, equal: 1, above: 1 });
    expect(result.standardDeviation).toBeCloseTo(Math.sqrt(2.5), 14);
    // t of 4 degrees at 97.5 %: 2.776445.
    expect(result.student[1] - result.mean).toBeCloseTo(2.776445 * Math.sqrt(0.5), 5);
    expect(result.bootstrap[0]).toBeLessThan(-1);
    expect(result.bootstrap[1]).toBeGreaterThan(-1);
    expect(result.bootstrap[1] - result.bootstrap[0]).toBeLessThan(result.student[1] - result.student[0]);
  });
  test('swapping the methods mirrors it', () => {
    const [a, b] = [pairedComparison([1, 2, 4], [2, 2, 1]), pairedComparison([2, 2, 1], [1, 2, 4])];
    expect(a.mean).toBe(-b.mean);
    expect(a.student[0]).toBeCloseTo(-b.student[1], 12);
    expect([a.below, a.above, a.p]).toEqual([b.above, b.below, b.p]);
  });
  test('one pair has no interval', () => {
    const { mean, standardDeviation, student, p } = pairedComparison([3], [1]);
    expect(mean).toBe(2);
    expect([standardDeviation, ...student, p]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
  });
  test('differences that are all the same', () => {
    expect(pairedComparison([1, 2, 3], [1, 2, 3])).toMatchObject({ mean: 0, student: [0, 0], p: 1, equal: 3 });
    expect(pairedComparison([2, 3, 4], [1, 2, 3])).toMatchObject({ mean: 1, student: [1, 1], p: 0, above: 3 });
  });
  test('what cannot be', () => {
    expect(() => pairedComparison([1], [1, 2])).toThrow(DataError);
    expect(() => pairedComparison([], [])).toThrow(DataError);
    expect(() => pairedComparison([1, Number.NaN], [1, 2])).toThrow(NumericError);
  });
});
