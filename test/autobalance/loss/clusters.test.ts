import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  clustersByFrequency,
  clustersOf,
  constantExpansion,
  interpolatedExpansion,
} from '../../../src/index.js';
import { expectClose } from '../../support/compare.js';

const apply = (matrix: readonly (readonly number[])[], values: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((total, share, c) => total + share * values[c]!, 0));

describe('clusters by frequency', () => {
  test('runs of falling frequency, ties by number, the last may be shorter', () => {
    expect(clustersByFrequency([5, 100, 5, 50, 1], 2)).toEqual([1, 0, 1, 0, 2]);
    expect(clustersByFrequency([5, 100, 5, 50, 1], 3)).toEqual([0, 0, 1, 0, 1]);
    expect(clustersByFrequency([3, 2, 1], 1)).toEqual([0, 1, 2]);
    expect(clustersByFrequency([3, 2, 1], 9)).toEqual([0, 0, 0]);
  });

  test.each([0, -1, 1.5, Number.NaN])('size %d is a ConfigError', (size) => {
    expect(() => clustersByFrequency([1, 2], size)).toThrow(ConfigError);
  });

  test('given clusters must cover the classes without a gap', () => {
    expect(clustersOf({ of: [1, 0, 1] }, [3, 2, 1])).toEqual([1, 0, 1]);
    for (const of of [
      [0, 2, 0],
      [0, 1],
      [0, -1, 1],
      [0, 0.5, 1],
    ]) {
      expect(() => clustersOf({ of }, [3, 2, 1])).toThrow(/each of the 3 classes needs the number of its cluster/);
    }
  });
});

describe('expansion', () => {
  const counts = [1000, 100, 100, 10, 1];
  const clusters = [0, 1, 1, 2, 2];

  test('constant: each class has the value of its cluster', () => {
    expect(apply(constantExpansion(clusters), [7, 5, 3])).toEqual([7, 5, 5, 3, 3]);
  });

  test('interpolated: linear in log n between the centres, constant beyond', () => {
    // Centres at log10 n = 3, 2 and 0.5; class 3 at 1 lies a third of the way from the last to the middle one.
    expectClose(apply(interpolatedExpansion(clusters, counts), [7, 5, 2]), [7, 5, 5, 3, 2], { absolute: 1e-12 });
  });

  test('interpolated: a function linear in log n comes back inside the centres', () => {
    const many = Array.from({ length: 9 }, (_, k) => 2 ** (8 - k));
    const own = clustersByFrequency(many, 3);
    // Centres at k = 1, 4, 7.
    expectClose(apply(interpolatedExpansion(own, many), [1, 4, 7]), [1, 1, 2, 3, 4, 5, 6, 7, 7], { absolute: 1e-12 });
  });

  test('one class a cluster: both are the identity', () => {
    const own = clustersByFrequency([5, 3, 9], 1);
    expect(interpolatedExpansion(own, [5, 3, 9])).toEqual(constantExpansion(own));
  });

  test('one cluster for all is constant', () => {
    expect(apply(interpolatedExpansion([0, 0], [9, 1]), [4])).toEqual([4, 4]);
  });

  test('clusters of one frequency have nothing between them', () => {
    expect(() => interpolatedExpansion([0, 1], [5, 5])).toThrow(/0 and 1 are equally frequent/);
    expect(() => interpolatedExpansion([0, 1], [5, 0])).toThrow(/class 1 has 0 samples/);
  });
});
