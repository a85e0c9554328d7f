import { describe, expect, test } from 'vitest';
import { DataError, evaluateLogits, NumericError, Random } from '../../src/index.js';

const random = new Random(8);
const classes = 3;
const labels = Int32Array.from({ length: 120 }, (_, i) => (i < 80 ? 0 : i < 110 ? 1 : 2));
const logits = Float32Array.from({ length: 360 }, (_, i) => {
  const [sample, k] = [Math.floor(i / 3), i % 3];
  // Leans towards the large class, and is three times too sure.
  return 3 * (random.normal() + (labels[sample] === k ? 1.2 : 0) + [1, 0, -1][k]!);
});
const groups = { values: labels.map((_, i) => i % 2), names: ['even', 'odd'] };
const options = { trainCounts: [500, 60, 7], groups, seed: 5, resamples: 200 };

describe('evaluateLogits', () => {
  const result = evaluateLogits(logits, labels, classes, options);

  test('says how many of what there are', () => {
    expect([result.samples, result.classes]).toEqual([120, 3]);
    expect(result.classCounts).toEqual([80, 30, 10]);
    expect(result.confusion!.map((row) => row.reduce((sum, count) => sum + count, 0))).toEqual([80, 30, 10]);
    expect(result.shots!.few.classes).toEqual([2]);
    expect(result.groups!.names).toEqual(['even', 'odd']);
  });

  test('logit adjustment helps the small class at the expense of the large', () => {
    const { adjusted, classError, balancedError } = result;
    expect(adjusted!.classError[2]).toBeLessThan(classError[2]!);
    expect(adjusted!.classError[0]).toBeGreaterThan(classError[0]!);
    expect(adjusted!.balancedError).toBeLessThan(balancedError);
  });

  test('temperature scaling, fitted on the other half, calibrates', () => {
    const { scaled, calibration, logLoss, brier } = result;
    for (const temperature of scaled.temperatures) expect(temperature).toBeGreaterThan(1.5);
    expect(scaled.calibration.expectedError).toBeLessThan(calibration.expectedError);
    expect(scaled.logLoss).toBeLessThan(logLoss);
    expect(scaled.brier).toBeLessThan(brier);
  });

  test('intervals contain their figures', () => {
    expect(Object.keys(result.intervals)).toEqual([
      'balancedError',
      'error',
      'logLoss',
      'brier',
      'calibrationError',
      'areaUnderCurve',
      'groupBalancedError',
      'worstGroupError',
      'deo',
      'equalizedOdds',
      'demographicParity',
    ]);
    for (const name of ['balancedError', 'error', 'logLoss', 'brier', 'areaUnderCurve', 'groupBalancedError']) {
      const { low, high, estimate } = result.intervals[name]!;
      expect(low).toBeLessThan(estimate);
      expect(high).toBeGreaterThan(estimate);
    }
    expect(result.intervals.balancedError!.estimate).toBe(result.balancedError);
    expect(result.intervals.worstGroupError!.estimate).toBe(result.groups!.worst.error);
    expect(result.intervals.deo!.estimate).toBe(result.groups!.deo);
    result.classInterval.forEach(([low, high], k) => {
      expect(low).toBeLessThanOrEqual(result.classError[k]!);
      expect(high).toBeGreaterThanOrEqual(result.classError[k]!);
    });
  });

  test('classes that cannot be judged are named', () => {
    // 10 samples are too few whatever was seen; 80 of which few are wrong are enough.
    expect(result.tooFew).toContain(2);
    expect(result.tooFew).not.toContain(0);
    expect(evaluateLogits(logits, labels, classes, { resamples: 0, largestHalfWidth: 45 }).tooFew).toEqual([]);
  });

  test('is the same again', () => expect(evaluateLogits(logits, labels, classes, options)).toEqual(result));
});

describe('small and odd', () => {
  test('one sample', () => {
    const { balancedError, scaled, intervals, areaUnderCurve } = evaluateLogits([2, 1], [1], 2, { resamples: 20 });
    expect(balancedError).toBe(100);
    expect(scaled.temperatures).toEqual([1, 1000]);
    expect(intervals.balancedError).toMatchObject({ low: 100, high: 100, kind: 'constant' });
    expect(areaUnderCurve).toBeNaN();
  });
  test('one class', () => {
    const one = evaluateLogits([2, 1, 0], [0, 0, 0], 1, { trainCounts: [5], resamples: 20 });
    expect([one.balancedError, one.logLoss, one.calibration.expectedError]).toEqual([0, 0, 0]);
    expect(one.areaUnderCurve).toBeNaN();
  });
  test('a class without test samples, one without training samples', () => {
    const absent = evaluateLogits([2, 1, 0, 0, 3, 1], [0, 1], 3, { trainCounts: [5, 2, 0], resamples: 20 });
    expect(absent.classError).toEqual([0, 0, Number.NaN]);
    expect(absent.tooFew).toEqual([0, 1, 2]);
    expect(absent.adjusted).toBeUndefined();
    expect(absent.shots!.few.accuracy).toBe(100);
  });
  test('saturated logits', () => {
    const { logLoss, areaUnderCurve, brier } = evaluateLogits([1e4, 0, 0, 2e4], [0, 1], 2, { resamples: 0 });
    expect([logLoss, areaUnderCurve, brier]).toEqual([0, 1, 0]);
  });
});

test.each<[number[], number[], number, typeof DataError | typeof NumericError, RegExp]>([
  [[1, Number.NaN], [0], 2, NumericError, /finite number, got NaN for sample 0, class 1/],
  [[1, 0, 0, Number.POSITIVE_INFINITY], [0, 1], 2, NumericError, /got Infinity for sample 1, class 1/],
  [[1, 0], [2], 2, DataError, /label must be an integer from 0 to 1, got 2 for sample 0/],
  [[1, 0], [-1], 2, DataError, /got -1/],
  [[1, 0], [0.5], 2, DataError, /got 0.5/],
  [[1, 0, 3], [0], 2, DataError, /1 samples of 2 classes need 2 scores, got 3/],
  [[], [], 2, DataError, /at least one sample/],
  [[], [0], 0, DataError, /number of classes/],
])('logits %j of labels %j are refused', (values, truth, k, kind, message) => {
  expect(() => evaluateLogits(values, truth, k)).toThrow(kind);
  expect(() => evaluateLogits(values, truth, k)).toThrow(message);
});
