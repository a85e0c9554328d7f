import { Random } from '../../data/random.js';
import { ConfigError } from '../../ir/index.js';
import { type HypergradientMethod, hypergradient } from '../hypergradient.js';
import type { Batches, PointOptions } from '../point.js';
import type { BilevelProblem } from '../problem.js';
import { agreement, difference, meanOf, meanOfVectors, normOf, numbersOf } from './agreement.js';

/** Which of the three batches is drawn; the others are the whole pools. */
export type Varied = 'inner' | 'mixed' | 'outer' | 'all';

export interface BatchStatisticsOptions<W, L, B> extends Omit<PointOptions<W, L, B>, 'batches'> {
  readonly method: HypergradientMethod<unknown>;
  /** Batches of one size to draw from. Default of `mixed`: those of `inner`. */
  readonly pools: Batches<B>;
  /** Batches of each kind in a draw. Default 1 each. */
  readonly sizes?: { readonly inner?: number; readonly mixed?: number; readonly outer?: number };
  /** Triples to draw for each of the four cases; at least 2. */
  readonly triples: number;
  /** Fixes the draws. Default 0. */
  readonly seed?: number;
}

/** All in units of the norm of the hypergradient over whole pools. */
export interface DrawStatistics {
  /** ‖mean of the draws − whole‖ */
  readonly bias: number;
  /** What the bias would be about if there were none, from the spread of finitely many draws: a bias well above this is real. */
  readonly biasError: number;
  /** Root of the total variance: the typical distance of a draw from the mean of draws. */
  readonly deviation: number;
  /** Mean cosine of a draw with the whole. */
  readonly cosine: number;
  /** Draws whose solve diverged; left out of the above. */
  readonly diverged: number;
}

export interface BatchStatistics {
  /** The hypergradient over whole pools, [m]. */
  readonly whole: readonly number[];
  readonly draws: { readonly [V in Varied]: DrawStatistics };
  /** Products for one batch. */
  readonly hessianProducts: number;
}

/**
 * Bias and variance of the hypergradient over minibatch triples (inner, mixed, outer), drawn independently and with replacement from pools,
 * against the hypergradient over the whole pools. The outer and the mixed batch enter linearly if the solver is linear in b, and then cost variance
 * only; the inner one is inverted, and the mean of inverses is not the inverse of the mean: its bias is the one to watch.
 *
 * Cost in Hessian products, with T triples, a pool of N inner batches, n of them in a draw, J products a solve (estimates included):
 * J·(N + T·(2n + 2N)). @throws {ConfigError} unless T ≥ 2 and sizes are positive integers.
 */
export async function batchStatistics<W, L, B>(
  problem: BilevelProblem<W, L, B>,
  options: BatchStatisticsOptions<W, L, B>,
): Promise<BatchStatistics> {
  const { pools, sizes = {}, triples, seed = 0, ...at } = options;
  requireWhole('triples', triples, 2);
  const pool = { inner: pools.inner, mixed: pools.mixed ?? pools.inner, outer: pools.outer };
  let hessianProducts = 0;
  const gradient = async (batches: Batches<B>): Promise<number[]> => {
    const { gradient, counts } = await hypergradient(problem, { ...at, batches });
    hessianProducts += counts.hessianProducts;
    return numbersOf(gradient);
  };
  const whole = await gradient(pools);
  const statistics = async (varied: Varied): Promise<DrawStatistics> => {
    const random = new Random(seed, `batch triples, ${varied}`);
    const part = (kind: Exclude<Varied, 'all'>): readonly B[] =>
      varied === kind || varied === 'all' ? draw(pool[kind], sizes[kind] ?? 1, random) : pool[kind];
    const draws: number[][] = [];
    for (let t = 0; t < triples; t++) {
      draws.push(await gradient({ inner: part('inner'), mixed: part('mixed'), outer: part('outer') }));
    }
    return summarise(draws, whole);
  };
  const draws = {
    inner: await statistics('inner'),
    mixed: await statistics('mixed'),
    outer: await statistics('outer'),
    all: await statistics('all'),
  };
  return { whole, draws, hessianProducts };
}

function draw<B>(pool: readonly B[], count: number, random: Random): B[] {
  requireWhole('sizes', count, 1);
  return Array.from({ length: count }, () => pool[random.integer(pool.length)]!);
}

function requireWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new ConfigError(`batch statistics: ${name} must be an integer of at least ${least}, got ${value}`);
}

function summarise(all: readonly number[][], whole: readonly number[]): DrawStatistics {
  const draws = all.filter((gradient) => gradient.every(Number.isFinite));
  const scale = normOf(whole);
  const mean = meanOfVectors(draws);
  const variance = (draws.length / (draws.length - 1)) * meanOf(draws.map((g) => normOf(difference(g, mean)) ** 2));
  return {
    bias: normOf(difference(mean, whole)) / scale,
    biasError: Math.sqrt(variance / draws.length) / scale,
    deviation: Math.sqrt(variance) / scale,
    cosine: meanOf(draws.map((gradient) => agreement(gradient, whole).cosine)),
    diverged: all.length - draws.length,
  };
}
