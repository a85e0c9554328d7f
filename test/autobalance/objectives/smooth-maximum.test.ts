import { describe, expect, test } from 'vitest';
import { grad, smoothMaximum, smoothSpread, softmax, sum, tensor, type Value } from '../../../src/index.js';
import { expectClose } from '../../support/compare.js';
import { expectSecondOrder } from '../training-losses.js';

const row = (values: readonly number[]): Value => tensor(values, { dtype: 'f64' });
const mask = (values: readonly boolean[]): Value => tensor(values, { dtype: 'bool' });
const everything = mask([true, true, true]);

describe('smooth maximum', () => {
  test('by hand: T log mean e^{x/T}', () => {
    const value = smoothMaximum(row([1, 2, 4]), everything, 2).item();
    expectClose([value], [2 * Math.log((Math.exp(0.5) + Math.exp(1) + Math.exp(2)) / 3)], { relative: 1e-14 });
  });

  test('equal values give that value, and its gradient is softmax(x / T)', () => {
    expectClose([smoothMaximum(row([5, 5, 5]), everything, 0.1).item()], [5], { relative: 1e-14 });
    const at = row([1, 2, 4]);
    const slope = grad((x: Value) => smoothMaximum(x, everything, 2))(at);
    expectClose(slope.data(), softmax(row([0.5, 1, 2])).data(), { relative: 1e-12 });
  });

  test('what is absent has no say, whatever it holds', () => {
    const value = smoothMaximum(row([1, 1e9, 3]), mask([true, false, true]), 1).item();
    expectClose([value], [Math.log((Math.E + Math.exp(3)) / 2)], { relative: 1e-14 });
    const slope = grad((x: Value) => smoothMaximum(x, mask([true, false, true]), 1))(row([1, 1e9, 3]));
    expect(slope.data()[1]).toBe(0);
  });

  test('of nothing it is 0, with derivatives 0', () => {
    const nothing = mask([false, false, false]);
    expect(smoothMaximum(row([1, 2, 3]), nothing, 1).item()).toBe(0);
    expect([...grad((x: Value) => smoothMaximum(x, nothing, 1))(row([1, 2, 3])).data()]).toEqual([0, 0, 0]);
  });

  test('goes along the last axis', () => {
    const values = tensor(
      [
        [1, 2],
        [4, 4],
      ],
      { dtype: 'f64' },
    );
    const present = tensor(
      [
        [true, true],
        [true, false],
      ],
      { dtype: 'bool' },
    );
    expectClose(smoothMaximum(values, present, 1).data(), [Math.log((Math.E + Math.E ** 2) / 2), 4], {
      relative: 1e-14,
    });
  });

  test('large values and small temperatures do not overflow', () => {
    expectClose([smoothMaximum(row([1e4, -1e4, 0]), everything, 1e-3).item()], [1e4 - 1e-3 * Math.log(3)], {
      relative: 1e-12,
    });
  });
});

describe('smooth spread', () => {
  test.each([0, 1e-8, 0.01, 0.3, 50])('of two numbers %d apart it is 2T log cosh(d / 2T)', (distance) => {
    const T = 0.1;
    const value = smoothSpread(row([2, 2 + distance]), mask([true, true]), T).item();
    const x = distance / (2 * T);
    const exact = 2 * T * (x + Math.log1p(Math.exp(-2 * x)) - Math.LN2);
    expectClose([value], [exact], { relative: 1e-9, absolute: 1e-14 });
  });

  test('is not negative, tends to largest less smallest, and is 0 of one number', () => {
    const at = (T: number) => smoothSpread(row([3, -1, 0.5]), everything, T).item();
    expect(at(10)).toBeGreaterThan(0);
    expectClose([at(1e-4)], [4], { absolute: 1e-3 });
    expectClose([smoothSpread(row([3, 9, 9]), mask([true, false, false]), 0.1).item()], [0], { absolute: 1e-14 });
  });

  test('is smooth where the numbers are equal', () => {
    expectSecondOrder((x) => smoothSpread(x, everything, 0.5), row([1, 1, 1]));
    const slope = grad((x: Value) => sum(smoothSpread(x, everything, 0.5)))(row([1, 1, 1]));
    expectClose(slope.data(), [0, 0, 0], { absolute: 1e-14 });
  });
});
