import { DataError } from '../ir/index.js';
import { normalQuantile } from './distributions.js';

/** Two ends. */
export type Interval = readonly [low: number, high: number];

/**
 * Wilson's score interval (1927) of a share of which `successes` in `trials` were seen. Unlike the textbook interval it stays within [0, 1] and
 * has a width also where none or all succeeded.
 * @returns [0, 1] without trials
 * @throws {DataError} unless 0 ≤ successes ≤ trials
 */
export function wilsonInterval(successes: number, trials: number, level = 0.95): Interval {
  if (!(successes >= 0 && successes <= trials && Number.isFinite(trials))) {
    throw new DataError(`Wilson interval: successes must be from 0 to the trials, got ${successes} of ${trials}`);
  }
  if (trials === 0) return [0, 1];
  const z2 = normalQuantile((1 + level) / 2) ** 2;
  const share = successes / trials;
  const center = share + z2 / (2 * trials);
  const spread = Math.sqrt(z2 * ((share * (1 - share)) / trials + z2 / (4 * trials ** 2)));
  const scale = 1 + z2 / trials;
  // At the ends rounding would leave 1e-18 instead of 0.
  return [successes === 0 ? 0 : (center - spread) / scale, successes === trials ? 1 : (center + spread) / scale];
}

/** A share whose 95 % interval reaches further than this to either side, in percent points, says little. */
export const LARGEST_HALF_WIDTH = 10;

/**
 * Whether too few samples stand behind a share to judge it: half the width of Wilson's 95 % interval exceeds `largest` percent points.
 * With 10 points, 16 samples of which none is wrong are enough, and 93 are needed where half of them are.
 */
export function tooFewToJudge(successes: number, trials: number, largest = LARGEST_HALF_WIDTH): boolean {
  const [low, high] = wilsonInterval(successes, trials);
  return (100 * (high - low)) / 2 > largest;
}
