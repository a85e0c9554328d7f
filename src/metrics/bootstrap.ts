import { Random } from '../data/random.js';
import { ConfigError, DataError } from '../ir/index.js';
import { normalCdf, normalQuantile } from './distributions.js';

/** A figure of samples of which each counts `weights[i]` times. */
export type Statistic = (weights: Float64Array) => number;

export interface BootstrapOptions {
  readonly seed: number;
  /** Stratum of each sample, such as its class: every resample has as many of each as the data. Default one stratum. */
  readonly strata?: ArrayLike<number>;
  /** Default 1000, which leaves the ends uncertain by some 4 % of the width. */
  readonly resamples?: number;
  /** Default 0.95. */
  readonly level?: number;
}

export interface BootstrapInterval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** Standard deviation of the resampled figures. */
  readonly standardError: number;
  /** How the ends were found; see {@link bootstrap}. */
  readonly kind: 'bca' | 'percentile' | 'constant';
}

/** Samples left out together in the jackknife behind the acceleration: no more than so many blocks in all. */
const MOST_BLOCKS = 200;

/**
 * Bootstrap intervals of several figures from the same resamples, stratified, seeded.
 *
 * The ends are BCa (bias-corrected and accelerated, Efron 1987): error rates near 0 are skew, and a largest error or an expected calibration
 * error resampled is larger than it was, so that plain percentiles lie to one side of the estimate. The acceleration is from a jackknife over
 * blocks of samples within strata. Where every resample lies to one side of the estimate, BCa has no answer and the percentiles are
 * given; where all are equal, the interval is that point, and too short: {@link wilsonInterval} is the one to read for a share of 0 or 1.
 *
 * Cost: `resamples` + 200 evaluations of each statistic, and as many times N random numbers.
 * @param statistics by name
 * @param samples N
 * @throws {DataError|ConfigError} if there are no samples, or strata or options do not fit
 */
export function bootstrap<Name extends string>(
  statistics: { readonly [N in Name]: Statistic },
  samples: number,
  { seed, strata, resamples = 1000, level = 0.95 }: BootstrapOptions,
): { [N in Name]: BootstrapInterval } {
  if (samples < 1) throw new DataError('bootstrap: need at least one sample, got none');
  if (strata && strata.length !== samples) {
    throw new DataError(`bootstrap: need a stratum for each of the ${samples} samples, got ${strata.length}`);
  }
  if (!Number.isInteger(resamples) || resamples < 2 || !(level > 0 && level < 1)) {
    throw new ConfigError(
      `bootstrap: needs at least 2 resamples and a level between 0 and 1, got ${resamples} and ${level}`,
    );
  }
  const members = membersOf(strata, samples);
  const names = Object.keys(statistics) as Name[];
  const figures = (weights: Float64Array): number[] => names.map((name) => statistics[name](weights));

  const estimates = figures(new Float64Array(samples).fill(1));
  const random = new Random(seed, 'bootstrap');
  const draws = Array.from({ length: resamples }, () => figures(resample(members, samples, random)));
  const left = jackknife(members, samples, figures);
  const intervals = names.map((name, at) => {
    const influences = left.map(({ blocks, results }) =>
      influenceOf(
        results.map((result) => result[at]!),
        blocks,
      ),
    );
    return [
      name,
      bootstrapInterval(
        estimates[at]!,
        draws.map((draw) => draw[at]!),
        acceleration(influences.flat()),
        level,
      ),
    ] as const;
  });
  return Object.fromEntries(intervals) as { [N in Name]: BootstrapInterval };
}

function membersOf(strata: ArrayLike<number> | undefined, samples: number): number[][] {
  const members = new Map<number, number[]>();
  for (let i = 0; i < samples; i++) {
    const stratum = strata?.[i] ?? 0;
    const own = members.get(stratum);
    if (own) own.push(i);
    else members.set(stratum, [i]);
  }
  return [...members.values()];
}

function resample(members: readonly (readonly number[])[], samples: number, random: Random): Float64Array {
  const weights = new Float64Array(samples);
  for (const own of members) for (let n = 0; n < own.length; n++) weights[own[random.integer(own.length)]!]! += 1;
  return weights;
}

interface LeftOut {
  readonly blocks: number;
  /** The figures without each block. */
  readonly results: number[][];
}

/** For each stratum, the figures without each of its blocks. A stratum of one sample cannot lose it. */
function jackknife(
  members: readonly (readonly number[])[],
  samples: number,
  figures: (weights: Float64Array) => number[],
): LeftOut[] {
  return members
    .filter((own) => own.length > 1)
    .map((own) => {
      const blocks = Math.min(own.length, Math.max(2, Math.round((MOST_BLOCKS * own.length) / samples)));
      const weights = new Float64Array(samples).fill(1);
      const results = Array.from({ length: blocks }, (_, block) => {
        const leaving = own.filter((_, n) => n % blocks === block);
        for (const i of leaving) weights[i] = 0;
        const result = figures(weights);
        for (const i of leaving) weights[i] = 1;
        return result;
      });
      return { blocks, results };
    });
}

/** How much each block pulls the figure up, in proportion. */
function influenceOf(results: readonly number[], blocks: number): number[] {
  const mean = results.reduce((sum, value) => sum + value, 0) / results.length;
  return results.map((value) => ((blocks - 1) * (mean - value)) / blocks);
}

/** a = Σ u³ / 6 (Σ u²)^1.5 over all strata (Efron and Tibshirani 1993, 14.15); 0 where nothing varies. */
export function acceleration(influences: readonly number[]): number {
  const [square, cube] = influences.reduce(([s, c], u) => [s! + u * u, c! + u ** 3], [0, 0]);
  return square! > 0 ? cube! / (6 * square! ** 1.5) : 0;
}

/** The interval from resampled figures. Resamples in which the figure does not exist (NaN) are left out. */
export function bootstrapInterval(
  estimate: number,
  draws: readonly number[],
  a: number,
  level: number,
): BootstrapInterval {
  const sorted = Float64Array.from(draws.filter((value) => !Number.isNaN(value))).sort();
  if (sorted.length === 0 || Number.isNaN(estimate)) {
    return { estimate, low: Number.NaN, high: Number.NaN, standardError: Number.NaN, kind: 'constant' };
  }
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, sorted.length - 1);
  const standardError = Math.sqrt(variance);
  const [least, most] = [sorted[0]!, sorted.at(-1)!];
  // Sums taken in another order differ in the last digits.
  if (most - least <= 1e-12 * Math.abs(most))
    return { estimate, low: estimate, high: estimate, standardError: 0, kind: 'constant' };
  const shares = [(1 - level) / 2, (1 + level) / 2];
  // Ties count half: figures of few samples are on a grid.
  const below = sorted.reduce((n, value) => n + (value < estimate ? 1 : value === estimate ? 0.5 : 0), 0);
  const bias = normalQuantile(below / sorted.length);
  const corrected = shares.map((share) => {
    const z = bias + normalQuantile(share);
    return normalCdf(bias + z / (1 - a * z));
  });
  const bca = Number.isFinite(bias) && corrected.every((share) => share > 0 && share < 1);
  const [low, high] = (bca ? corrected : shares).map((share) => quantileOf(sorted, share));
  return { estimate, low: low!, high: high!, standardError, kind: bca ? 'bca' : 'percentile' };
}

/** Linear between order statistics. */
function quantileOf(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const floor = Math.floor(at);
  const low = sorted[floor]!;
  return low + (at - floor) * ((sorted[floor + 1] ?? low) - low);
}
