import { expect, test } from 'vitest';
import { ConfigError, DataError, shotAccuracies } from '../../src/index.js';

test('the thresholds themselves are medium', () => {
  const { many, medium, few } = shotAccuracies([10, 20, 30, 40, 50], [101, 100, 20, 19, 1]);
  expect(many).toEqual({ classes: [0], accuracy: 90 });
  expect(medium).toEqual({ classes: [1, 2], accuracy: 75 });
  expect(few).toEqual({ classes: [3, 4], accuracy: 55 });
});

test('classes without test samples are left out; a kind without classes has no accuracy', () => {
  const { many, medium, few } = shotAccuracies([Number.NaN, 20, Number.NaN], [500, 500, 3]);
  expect(many).toEqual({ classes: [0, 1], accuracy: 80 });
  expect(medium).toEqual({ classes: [], accuracy: Number.NaN });
  expect(few).toEqual({ classes: [2], accuracy: Number.NaN });
});

test('other thresholds', () => {
  expect(shotAccuracies([0, 100], [6, 5], { many: 5, few: 6 })).toMatchObject({
    many: { classes: [0] },
    medium: { classes: [] },
    few: { classes: [1] },
  });
  expect(() => shotAccuracies([0], [1], { many: 5, few: 7 })).toThrow(ConfigError);
});

test('a count for each class', () => {
  expect(() => shotAccuracies([0, 1], [5])).toThrow(DataError);
});
