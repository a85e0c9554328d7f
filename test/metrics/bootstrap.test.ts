import { describe, expect, test } from 'vitest';
import { bootstrap, ConfigError, DataError, Random, type Statistic } from '../../src/index.js';
import { weightedMean } from '../../src/metrics/mean.js';

const meanOf =
  (values: readonly number[]): Statistic =>
  (weights) =>
    weightedMean(values, weights);

describe('bootstrap', () => {
  const random = new Random(3);
  const values = Array.from({ length: 60 }, () => -Math.log(1 - random.uniform()));
  const mean = weightedMean(values);

  test('standard error of a mean', () => {
    const { estimate, standardError, kind } = bootstrap({ mean: meanOf(values) }, 60, {
      seed: 1,
      resamples: 4000,
    }).mean;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 60;
    expect(estimate).toBe(mean);
    expect(kind).toBe('bca');
    expect(standardError / Math.sqrt(variance / 60)).toBeCloseTo(1, 1);
  });

  test('the same seed gives the same, another one another; figures share the resamples', () => {
    const two = { mean: meanOf(values), again: meanOf(values) };
    const first = bootstrap(two, 60, { seed: 1, resamples: 100 });
    expect(bootstrap(two, 60, { seed: 1, resamples: 100 })).toEqual(first);
    expect(first.again).toEqual(first.mean);
    expect(bootstrap(two, 60, { seed: 2, resamples: 100 }).mean.low).not.toBe(first.mean.low);
  });

  test('every resample has as many of each stratum', () => {
    const strata = [0, 0, 0, 7, 7, 2];
    const seen: number[][] = [];
    const count: Statistic = (weights) => {
      seen.push([weights[0]! + weights[1]! + weights[2]!, weights[3]! + weights[4]!, weights[5]!]);
      return 0;
    };
    bootstrap({ count }, 6, { seed: 0, strata, resamples: 50 });
    for (const counts of seen.slice(1, 51)) expect(counts).toEqual([3, 2, 1]);
    // Then the jackknife, which cannot leave out the only one of a stratum.
    for (const counts of seen.slice(51)) expect(counts[2]).toBe(1);
    expect(seen.slice(51)).toHaveLength(5);
  });

  test('BCa follows the skewness of an exponential mean, and covers it as often as it says', () => {
    const [trials, size] = [300, 20];
    let [covered, skewed] = [0, 0];
    for (let trial = 0; trial < trials; trial++) {
      const sample = Array.from({ length: size }, () => -Math.log(1 - random.uniform()));
      const { estimate, low, high } = bootstrap({ mean: meanOf(sample) }, size, { seed: trial, resamples: 300 }).mean;
      if (low <= 1 && 1 <= high) covered += 1;
      if (high - estimate > estimate - low) skewed += 1;
    }
    // Twenty samples of so skew a distribution: theory puts BCa near 92 %, binomial noise is 1.5 %.
    expect(covered / trials).toBeGreaterThan(0.87);
    expect(covered / trials).toBeLessThan(0.97);
    expect(skewed / trials).toBeGreaterThan(0.9);
  });

  test('the bias of a resampled maximum is corrected', () => {
    // Largest of ten means of ten: resampled, it is higher than it was.
    const groups = Array.from({ length: 100 }, (_, i) => i % 10);
    const data = groups.map(() => random.normal());
    const worst: Statistic = (weights) =>
      Math.max(
        ...Array.from({ length: 10 }, (_, g) => {
          const own = groups.flatMap((group, i) => (group === g ? [i] : []));
          return weightedMean(
            own.map((i) => data[i]!),
            own.map((i) => weights[i]!),
          );
        }),
      );
    const { estimate, low, high, kind } = bootstrap({ worst }, 100, { seed: 4, strata: groups, resamples: 400 }).worst;
    expect(kind).toBe('bca');
    expect(low).toBeLessThan(estimate - 0.3);
    expect(high).toBeLessThan(estimate + 0.7);
  });

  test('what never varies is a point, what lies on one side has percentiles, what does not exist has none', () => {
    const extreme: Statistic = (weights) => (weights.every((weight) => weight === 1) ? 5 : weights[0]!);
    const missing: Statistic = () => Number.NaN;
    const result = bootstrap(
      { flat: (weights) => 0.1 * weightedMean(values.slice(0, 8).fill(3), weights), extreme, missing },
      8,
      { seed: 0, resamples: 60 },
    );
    expect(result.flat).toMatchObject({ low: expect.closeTo(0.3, 12), standardError: 0, kind: 'constant' });
    expect(result.extreme.kind).toBe('percentile');
    expect(result.missing.low).toBeNaN();
  });

  test('one sample', () => {
    expect(bootstrap({ mean: meanOf([3]) }, 1, { seed: 0 }).mean).toMatchObject({ low: 3, high: 3, kind: 'constant' });
  });

  test('what cannot be', () => {
    const statistics = { mean: meanOf([1, 2]) };
    expect(() => bootstrap(statistics, 0, { seed: 0 })).toThrow(DataError);
    expect(() => bootstrap(statistics, 2, { seed: 0, strata: [0] })).toThrow(DataError);
    for (const options of [{ resamples: 1 }, { resamples: 2.5 }, { level: 1 }, { level: Number.NaN }, { seed: -1 }]) {
      expect(() => bootstrap(statistics, 2, { seed: 0, ...options })).toThrow(ConfigError);
    }
  });
});
