import { describe, expect, test } from 'vitest';
import { fanInUniform, heNormal, Random } from '../../src/index.js';

/** Moments of the elements. */
function moments(values: ArrayLike<number>): { mean: number; variance: number; kurtosis: number } {
  const list = Array.from(values);
  const mean = list.reduce((sum, x) => sum + x, 0) / list.length;
  const central = (power: number): number => list.reduce((sum, x) => sum + (x - mean) ** power, 0) / list.length;
  return { mean, variance: central(2), kurtosis: central(4) / central(2) ** 2 };
}

const COUNT = 20_000;
/** Standard errors of the mean and the variance of a normal sample; four of them are exceeded once in 16,000 times. */
const meanError = (variance: number): number => 4 * Math.sqrt(variance / COUNT);
const varianceError = (variance: number): number => 4 * variance * Math.sqrt(2 / COUNT);

describe.each([9, 64, 576])('fan-in %d', (fanIn) => {
  test('heNormal is normal with variance 2 / fan-in', () => {
    const { mean, variance, kurtosis } = moments(heNormal(new Random(1), [COUNT], fanIn).data());
    expect(Math.abs(mean)).toBeLessThan(meanError(2 / fanIn));
    expect(Math.abs(variance - 2 / fanIn)).toBeLessThan(varianceError(2 / fanIn));
    expect(kurtosis).toBeGreaterThan(2.8);
    expect(kurtosis).toBeLessThan(3.2);
  });

  test('fanInUniform is uniform in ±1/√fan-in: variance 1 / (3 fan-in)', () => {
    const values = fanInUniform(new Random(1), [COUNT], fanIn).data();
    const { mean, variance, kurtosis } = moments(values);
    const bound = 1 / Math.sqrt(fanIn);
    expect(Math.abs(mean)).toBeLessThan(meanError(bound ** 2 / 3));
    expect(Math.abs(variance - bound ** 2 / 3)).toBeLessThan(varianceError(bound ** 2 / 3));
    expect(kurtosis).toBeCloseTo(1.8, 1);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
    expect(Math.max(...values)).toBeGreaterThan(0.99 * bound);
    expect(Math.min(...values)).toBeLessThan(-0.99 * bound);
  });
});

test.each([heNormal, fanInUniform])('$name: shape and dtype as asked, the same numbers for the same seed', (init) => {
  const x = init(new Random(7, 'weights'), [3, 2, 4], 6, 'f64');
  expect([x.shape, x.dtype]).toEqual([[3, 2, 4], 'f64']);
  expect(init(new Random(7, 'weights'), [3, 2, 4], 6, 'f64').data()).toEqual(x.data());
  expect(init(new Random(8, 'weights'), [3, 2, 4], 6, 'f64').data()).not.toEqual(x.data());
  expect(init(new Random(7, 'other'), [3, 2, 4], 6, 'f64').data()).not.toEqual(x.data());
  // f32 is the rounded f64: the stream does not depend on the dtype.
  expect(init(new Random(7, 'weights'), [24], 6).data()).toEqual(Float32Array.from(x.data()));
});
