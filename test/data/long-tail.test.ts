import { describe, expect, it } from 'vitest';
import { classCounts, longTailCounts, longTailIndices, stratifiedSplit } from '../../src/data/long-tail.js';
import { Random } from '../../src/data/random.js';
import { ConfigError, DataError } from '../../src/ir/errors.js';

describe('longTailCounts', () => {
  it('gives the sizes known for CIFAR-10-LT', () => {
    expect(longTailCounts(5000, 10, 100)).toEqual([5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]);
  });

  it('ends at exactly floor(n0 / imbalance), and never grows', () => {
    for (const classes of [2, 3, 7, 10, 100, 1000]) {
      for (const imbalance of [1, 2, 3, 10, 20, 50, 100, 256]) {
        for (const n0 of [500, 1280, 5000, 6000, 12_345]) {
          const counts = longTailCounts(n0, classes, imbalance);
          expect(counts).toHaveLength(classes);
          expect(counts[0]).toBe(n0);
          expect(counts[classes - 1]).toBe(Math.floor(n0 / imbalance));
          expect(counts.every((count, k) => k === 0 || count <= counts[k - 1])).toBe(true);
        }
      }
    }
  });

  it('hits integers in the middle exactly', () => {
    expect(longTailCounts(1000, 4, 1000)).toEqual([1000, 100, 10, 1]);
    expect(longTailCounts(729, 7, 729)).toEqual([729, 243, 81, 27, 9, 3, 1]);
    expect(longTailCounts(7, 1, 100)).toEqual([7]);
  });

  it('refuses what makes no sense', () => {
    for (const n0 of [0, -1, 1.5, Number.NaN]) expect(() => longTailCounts(n0, 10, 10)).toThrow(ConfigError);
    for (const classes of [0, 2.5]) expect(() => longTailCounts(10, classes, 10)).toThrow(ConfigError);
    for (const rho of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => longTailCounts(10, 10, rho)).toThrow(/imbalance/);
    }
    expect(() => longTailCounts(50, 10, 100)).toThrow(/raise n0 to at least 100/);
  });
});

const labels = Int32Array.from({ length: 60 }, (_, i) => (i * 7) % 3); // 20 of each class, interleaved

describe('longTailIndices', () => {
  it('takes the first samples of each class, class by class', () => {
    const kept = longTailIndices(labels, 3, { n0: 16, imbalance: 4 });
    expect(classCounts(labels, 3, kept)).toEqual([16, 8, 4]);
    const expected = [16, 8, 4].flatMap((count, k) =>
      Array.from(labels.keys())
        .filter((i) => labels[i] === k)
        .slice(0, count),
    );
    expect(Array.from(kept)).toEqual(expected);
  });

  it('says how large n0 may be when a class is too small', () => {
    const uneven = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2);
    expect(() => longTailIndices(uneven, 3, { n0: 8, imbalance: 4 })).toThrow(
      /class 1 needs 4 samples, the data has 2; use n0 of at most 4/,
    );
    expect(classCounts(uneven, 3, longTailIndices(uneven, 3, { n0: 4, imbalance: 4 }))).toEqual([4, 2, 1]);
    expect(() => longTailIndices(uneven, 4, { n0: 8, imbalance: 1 })).toThrow(ConfigError);
    expect(() => longTailIndices(Int32Array.of(0, 0), 2, { n0: 1, imbalance: 1 })).toThrow(/every class must have/);
  });
});

describe('classCounts', () => {
  it('counts all or the given samples', () => {
    expect(classCounts(labels, 4)).toEqual([20, 20, 20, 0]);
    expect(classCounts(labels, 3, Int32Array.of(0, 3, 1))).toEqual([2, 1, 0]);
  });

  it('refuses labels and indices out of range', () => {
    expect(() => classCounts(Int32Array.of(0, 3, 1), 3)).toThrow(DataError);
    expect(() => classCounts(Int32Array.of(0, -1), 3)).toThrow(/Sample 1 has label -1/);
    expect(() => classCounts(labels, 3, Int32Array.of(60))).toThrow(/index 60 is outside the 60/);
    expect(() => classCounts(labels, 3, Int32Array.of(-1))).toThrow(ConfigError);
  });
});

describe('stratifiedSplit', () => {
  it('keeps every class share, loses and repeats nothing', () => {
    const { train, validation } = stratifiedSplit(labels, 3, 0.2, new Random(1, 'split'));
    expect(classCounts(labels, 3, train)).toEqual([16, 16, 16]);
    expect(classCounts(labels, 3, validation)).toEqual([4, 4, 4]);
    expect([...train, ...validation].sort((a, b) => a - b)).toEqual(Array.from(labels.keys()));
    expect(Array.from(train)).toEqual(Array.from(train).sort((a, b) => a - b));
  });

  it('gives each side at least one of every class with two samples, and a lone sample to training', () => {
    const rare = Int32Array.of(0, 1, 1, 2, 2, 2);
    for (const fraction of [0.001, 0.5, 0.999]) {
      const { train, validation } = stratifiedSplit(rare, 4, fraction, new Random(1));
      const [trainCounts, validationCounts] = [train, validation].map((side) => classCounts(rare, 4, side));
      expect(trainCounts[0]).toBe(1);
      expect(validationCounts[0]).toBe(0);
      for (const k of [1, 2]) {
        expect(trainCounts[k]).toBeGreaterThan(0);
        expect(validationCounts[k]).toBeGreaterThan(0);
      }
    }
  });

  it('splits a subset, repeatably, and differently for another seed', () => {
    const subset = longTailIndices(labels, 3, { n0: 20, imbalance: 4 });
    const split = (seed: number) => stratifiedSplit(labels, 3, 0.25, new Random(seed), subset);
    expect(split(1)).toEqual(split(1));
    expect(split(1)).not.toEqual(split(2));
    const { train, validation } = split(1);
    expect(classCounts(labels, 3, validation)).toEqual([5, 3, 1]);
    expect([...train, ...validation].sort((a, b) => a - b)).toEqual(Array.from(subset).sort((a, b) => a - b));
  });

  it.each([0, 1, -0.1, Number.NaN])('refuses the fraction %s', (fraction) => {
    expect(() => stratifiedSplit(labels, 3, fraction, new Random(0))).toThrow(ConfigError);
  });
});
