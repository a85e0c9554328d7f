import { expect, test } from 'vitest';
import { DataError, tooFewToJudge, wilsonInterval } from '../../src/index.js';

test('nothing and everything have an interval too; no trials say nothing', () => {
  expect(wilsonInterval(0, 10)[0]).toBe(0);
  expect(wilsonInterval(0, 10)[1]).toBeCloseTo(0.2775, 4);
  expect(wilsonInterval(10, 10)[1]).toBe(1);
  expect(wilsonInterval(0, 0)).toEqual([0, 1]);
});

test('the numbers of samples in the documentation', () => {
  expect([15, 16].map((n) => tooFewToJudge(0, n))).toEqual([true, false]);
  expect([92, 93].map((n) => tooFewToJudge(n / 2, n))).toEqual([true, false]);
  expect(tooFewToJudge(0, 0)).toBe(true);
  expect(tooFewToJudge(5, 50, 5)).toBe(true);
  expect(tooFewToJudge(5, 50, 15)).toBe(false);
});

test.each([
  [-1, 5],
  [6, 5],
  [Number.NaN, 5],
  [1, Number.POSITIVE_INFINITY],
])('%d of %d cannot be', (successes, trials) => {
  expect(() => wilsonInterval(successes, trials)).toThrow(DataError);
});
