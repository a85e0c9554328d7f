import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  cellRate,
  cellSize,
  DataError,
  demographicParityDifference,
  deo,
  equalizedOddsDifference,
  equalOpportunityDifference,
  groupConfusion,
  groupErrors,
} from '../../src/index.js';

/** Samples from [class, group, predicted, how many]. */
function samples(rows: readonly (readonly [number, number, number, number])[]) {
  const all = rows.flatMap(([y, g, k, n]) => Array.from({ length: n }, () => [y, g, k] as const));
  const column = (at: 0 | 1 | 2): Int32Array => Int32Array.from(all, (row) => row[at]);
  return { labels: column(0), groups: column(1), predictions: column(2) };
}

const confusionOf = (
  rows: readonly (readonly [number, number, number, number])[],
  classes: number,
  names: readonly string[],
) => {
  const { labels, groups, predictions } = samples(rows);
  return groupConfusion(predictions, labels, classes, { values: groups, names });
};

describe('binary, two groups, by hand', () => {
  // Group a: 6 of 10 positives found, 1 of 10 negatives wrong. Group b: 9 of 10 found, 4 of 20 wrong.
  const confusion = confusionOf(
    [
      [1, 0, 1, 6],
      [1, 0, 0, 4],
      [0, 0, 0, 9],
      [0, 0, 1, 1],
      [1, 1, 1, 9],
      [1, 1, 0, 1],
      [0, 1, 0, 16],
      [0, 1, 1, 4],
    ],
    2,
    ['a', 'b'],
  );

  test('sizes and rates', () => {
    expect(cellSize(confusion, 0, 1)).toBe(20);
    expect(cellRate(confusion, 1, 0, 1)).toBe(0.6);
  });
  test('DEO is the sum of both gaps', () => expect(deo(confusion)).toBeCloseTo(30 + 10, 12));
  test('equal opportunity is the gap of the positives', () => {
    expect(equalOpportunityDifference(confusion)).toBeCloseTo(30, 12);
    expect(equalOpportunityDifference(confusion, 0)).toBeCloseTo(10, 12);
    expect(() => equalOpportunityDifference(confusion, 2)).toThrow(ConfigError);
  });
  test('equalised odds is the larger gap', () => expect(equalizedOddsDifference(confusion)).toBeCloseTo(30, 12));
  test('demographic parity: 7 of 20 against 13 of 30 taken for positive', () =>
    expect(demographicParityDifference(confusion)).toBeCloseTo(100 * (13 / 30 - 7 / 20), 12));
  test('errors by cell and group, and the worst', () => {
    const { cells, groupError, groupBalancedError, worst } = groupErrors(confusion);
    expect(cells.map(({ error }) => Number(error.toFixed(9)))).toEqual([10, 20, 40, 10]);
    expect(cells.map(({ samples: n }) => n)).toEqual([10, 20, 10, 10]);
    // Half-widths of Wilson's interval: 19.2, 16.6, 25.5, 19.2 points.
    expect(cells.map(({ tooFew }) => tooFew)).toEqual([true, true, true, true]);
    expect(groupError[0]).toBeCloseTo(25, 12);
    expect(groupError[1]).toBeCloseTo(100 * (5 / 30), 12);
    expect(groupBalancedError).toBeCloseTo(20, 12);
    expect([worst.class, worst.group]).toEqual([1, 0]);
  });
});

test('three groups: the spread, not the sum over pairs', () => {
  const confusion = confusionOf(
    [0, 1, 2].flatMap((g) => [[0, g, 0, 10 - 2 * g] as const, [0, g, 1, 2 * g] as const, [1, g, 1, 10] as const]),
    2,
    ['a', 'b', 'c'],
  );
  expect(deo(confusion)).toBeCloseTo(40, 12);
  expect(equalizedOddsDifference(confusion)).toBeCloseTo(40, 12);
  expect(demographicParityDifference(confusion)).toBeCloseTo(20, 12);
});

test('multi-class: equalised odds sees which wrong class is chosen, DEO only that it is wrong', () => {
  const confusion = confusionOf(
    [
      [0, 0, 1, 10],
      [0, 1, 2, 10],
      [1, 0, 1, 5],
      [1, 1, 1, 5],
      [2, 0, 2, 5],
      [2, 1, 2, 5],
    ],
    3,
    ['a', 'b'],
  );
  expect(deo(confusion)).toBe(0);
  expect(equalizedOddsDifference(confusion)).toBe(100);
});

describe('empty cells', () => {
  // Group b has no positives, group c nobody.
  const confusion = confusionOf(
    [
      [1, 0, 1, 5],
      [0, 0, 1, 5],
      [0, 1, 0, 5],
    ],
    2,
    ['a', 'b', 'c'],
  );
  test('are left out', () => {
    expect(deo(confusion)).toBe(100);
    expect(equalizedOddsDifference(confusion)).toBe(100);
    expect(demographicParityDifference(confusion)).toBe(100);
    expect(equalOpportunityDifference(confusion)).toBeNaN();
    const { cells, groupError, groupBalancedError, worst } = groupErrors(confusion);
    expect(cells.map(({ error }) => error)).toEqual([100, 0, Number.NaN, 0, Number.NaN, Number.NaN]);
    expect(cells.map(({ tooFew }) => tooFew)).toEqual([true, true, true, true, true, true]);
    expect(groupError).toEqual([50, 0, Number.NaN]);
    expect(groupBalancedError).toBeCloseTo(100 / 3, 12);
    expect(worst).toMatchObject({ class: 0, group: 0, error: 100 });
  });
  test('one group has no gap', () => {
    const alone = confusionOf([[0, 0, 1, 3]], 2, ['all']);
    for (const figure of [deo, equalizedOddsDifference, demographicParityDifference]) expect(figure(alone)).toBeNaN();
    expect(groupErrors(alone).worst.error).toBe(100);
  });
});

test('weights count samples', () => {
  const groups = { values: [0, 0, 1], names: ['a', 'b'] };
  const weighted = groupConfusion([0, 1, 0], [0, 0, 0], 2, groups, [3, 1, 2]);
  expect([...weighted.counts]).toEqual([3, 1, 0, 0, 2, 0, 0, 0]);
});

test.each([
  [{ values: [0, 1], names: ['a', 'b'] }, /group for each of the 3 samples, got 2/],
  [{ values: [0, 1, 2], names: ['a', 'b'] }, /group must be an integer from 0 to 1, got 2 for sample 2/],
  [{ values: [0, Number.NaN, 1], names: ['a', 'b'] }, /got NaN for sample 1/],
])('groups that do not fit are refused', (groups, message) => {
  expect(() => groupConfusion([0, 0, 0], [0, 0, 0], 1, groups)).toThrow(DataError);
  expect(() => groupConfusion([0, 0, 0], [0, 0, 0], 1, groups)).toThrow(message);
});
