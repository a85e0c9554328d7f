import { describe, expect, test } from 'vitest';
import { ConfigError, calibration, confidences } from '../../src/index.js';

const of = (confidence: readonly number[], correct: readonly number[]) => ({
  confidence: Float64Array.from(confidence),
  correct: Float64Array.from(correct),
});

describe('calibration', () => {
  // Bins (0, 0.5] and (0.5, 1]: 0.5 belongs to the first.
  const samples = of([0.5, 0.4, 0.9, 0.7, 0.8], [1, 0, 1, 1, 0]);

  test('by hand', () => {
    const { expectedError, bins } = calibration(samples, { bins: 2 });
    expect(bins.map(({ count }) => count)).toEqual([2, 3]);
    expect(bins.map(({ accuracy }) => accuracy)).toEqual([0.5, 2 / 3]);
    expect(bins[0]!.confidence).toBeCloseTo(0.45, 12);
    expect(bins[1]!.confidence).toBeCloseTo(0.8, 12);
    expect(expectedError).toBeCloseTo((2 / 5) * 0.05 + (3 / 5) * (0.8 - 2 / 3), 12);
  });

  test('a sample counted twice is two samples', () => {
    const twice = calibration(of([0.5, 0.5, 0.4, 0.9, 0.7, 0.8], [1, 1, 0, 1, 1, 0]), { bins: 2 });
    const weighted = calibration(samples, { bins: 2, weights: [2, 1, 1, 1, 1] });
    expect(weighted.expectedError).toBeCloseTo(twice.expectedError, 14);
    expect(weighted.bins.map(({ count }) => count)).toEqual([3, 3]);
  });

  test('the ends of [0, 1], and empty bins', () => {
    const { bins, expectedError } = calibration(of([0, 1], [0, 1]), { bins: 3 });
    expect(bins.map(({ count }) => count)).toEqual([1, 0, 1]);
    expect(bins[1]!.accuracy).toBeNaN();
    expect(expectedError).toBe(0);
  });

  test('bins', () => {
    for (const bins of [0, 2.5, Number.NaN]) expect(() => calibration(samples, { bins })).toThrow(ConfigError);
  });
});

test('confidences are of the predicted class, of equal ones the first', () => {
  const { confidence, correct } = confidences([0.2, 0.4, 0.4, 0.6, 0.3, 0.1], [2, 0], 3);
  expect([...confidence]).toEqual([0.4, 0.6]);
  expect([...correct]).toEqual([0, 1]);
});
