import { describe, expect, test } from 'vitest';
import { argmaxRows, brierScore, DataError, logLoss, logOdds, logProbabilities } from '../../src/index.js';

describe('logProbabilities', () => {
  test('two classes: −log(1 + e^(−d))', () => {
    const [a, b] = logProbabilities([3, 1], 2);
    expect(a).toBeCloseTo(-Math.log1p(Math.exp(-2)), 15);
    expect(b).toBeCloseTo(-2 - Math.log1p(Math.exp(-2)), 15);
  });
  test('no overflow, and rows that differ by a constant are the same', () => {
    const result = logProbabilities([1000, 999, 998, 2, 1, 0, -5000, -5001, -5002], 3);
    expect([...result.subarray(0, 3)]).toEqual([...result.subarray(3, 6)]);
    expect([...result.subarray(0, 3)]).toEqual([...result.subarray(6, 9)]);
    expect(result.every(Number.isFinite)).toBe(true);
  });
  test('one class is certain', () => expect([...logProbabilities([7, -7], 1)]).toEqual([0, 0]));
  test('rows must be whole', () => expect(() => logProbabilities([1, 2, 3], 2)).toThrow(DataError));
});

describe('logOdds', () => {
  test('is log p − log(1 − p)', () => {
    const logits = [0.3, -1.2, 2.4, 0.1];
    const p = logProbabilities(logits, 4).map(Math.exp);
    [...logOdds(logits, 4)].forEach((odds, k) => {
      expect(odds).toBeCloseTo(Math.log(p[k]! / (1 - p[k]!)), 12);
    });
  });
  test('tells apart what probabilities do not', () => {
    const logits = [100, 0, 0, 200, 0, 0];
    const p = logProbabilities(logits, 3).map(Math.exp);
    expect(p[0]).toBe(p[3]);
    const odds = logOdds(logits, 3);
    expect(odds[0]).toBeCloseTo(100 - Math.LN2, 12);
    expect(odds[3]).toBeCloseTo(200 - Math.LN2, 12);
    // Of the second class p is about e⁻¹⁰⁰, its complement 1.
    expect(odds[1]).toBeCloseTo(-100, 12);
  });
  test('two classes: the difference of the logits', () => {
    const [a, b] = logOdds([50, -3.5], 2);
    expect(a).toBeCloseTo(53.5, 12);
    expect(b).toBeCloseTo(-53.5, 12);
  });
  test('one class', () => expect([...logOdds([3], 1)]).toEqual([Number.POSITIVE_INFINITY]));
});

test('argmaxRows takes the first of equal ones', () => {
  expect([...argmaxRows([1, 2, 2, 0, 0, 0, -1, -3, -1], 3)]).toEqual([1, 0, 0]);
});

test('log loss and Brier score by hand', () => {
  const p = [0.5, 0.25, 0.25, 0.1, 0.8, 0.1];
  expect(logLoss(p.map(Math.log), [0, 2], 3)).toBeCloseTo((Math.LN2 + Math.log(10)) / 2, 14);
  expect(brierScore(p, [0, 2], 3)).toBeCloseTo((0.25 + 0.0625 * 2 + 0.01 + 0.64 + 0.81) / 2, 14);
  expect(brierScore([0, 1], [0], 2)).toBe(2);
});
