import { Random } from '../data/random.js';
import { ConfigError, type Value } from '../ir/index.js';
import { estimateCurvature } from './automatic.js';
import type { Estimate } from './hypergradient.js';
import type { Point } from './point.js';
import { Stationarity } from './stationarity.js';
import { axpy, norm, scale } from './vector.js';

export interface SingleLoopOptions {
  /** Step of w. Default `auto`. */
  readonly innerRate?: number | 'auto';
  /** Step of v. Default `auto`. */
  readonly solverRate?: number | 'auto';
  /** With the number of the step it says which batches are drawn. Default 0. */
  readonly seed?: number;
  /** Products of the estimate behind `auto`. Default 8. */
  readonly lanczosSteps?: number;
  /** Residual at which w and v count as converged. Default 1e-6. */
  readonly tolerance?: number;
}

export interface SingleLoopState {
  /** v ≈ H⁻¹ ∂f/∂w */
  readonly v: Value;
  /** Steps taken so far. */
  readonly step: number;
  readonly rates: Rates;
  /** The largest norms of the directions of w and v in the first ten steps, which residuals are relative to. */
  readonly scales: readonly [number, number];
}

export interface Rates {
  readonly inner: number;
  readonly solver: number;
}

/** What w, v and λ move along at one step; λ's in its two parts. */
export interface Directions {
  readonly w: Value;
  readonly v: Value;
  readonly direct: Value;
  readonly indirect: Value;
  /** The outer objective of the batch drawn. */
  readonly outer: number;
}

/** @throws {ConfigError} unless rates are above 0 or `auto`, and the seed is one. */
export function requireSingleLoop(
  name: string,
  { innerRate = 'auto', solverRate = 'auto', seed = 0, lanczosSteps = 8 }: SingleLoopOptions,
): void {
  const fits = [innerRate, solverRate].every((rate) => rate === 'auto' || (rate > 0 && Number.isFinite(rate)));
  if (fits && Number.isSafeInteger(lanczosSteps) && lanczosSteps >= 1 && Number.isSafeInteger(seed) && seed >= 0)
    return;
  throw new ConfigError(
    `${name}: rates must be above 0 or auto, lanczosSteps a whole number from 1, the seed one from 0; got ${innerRate}, ${solverRate}, ` +
      `${lanczosSteps}, ${seed}`,
  );
}

/** Where the first step begins. */
export async function begin<W, L, B>(
  point: Point<W, L, B>,
  options: SingleLoopOptions,
  share: number,
): Promise<Omit<SingleLoopState, 'scales'>> {
  return { v: scale(0, point.w), step: 0, rates: await chooseRates(point, options, share) };
}

/**
 * Rates as given, and for `auto` the share of 1/max λ_max(Hᵢ) over the inner batches: safe for whichever is drawn, and no dearer to find than
 * that of their mean.
 */
async function chooseRates<W, L, B>(
  point: Point<W, L, B>,
  { innerRate = 'auto', solverRate = 'auto', lanczosSteps = 8 }: SingleLoopOptions,
  share: number,
): Promise<Rates> {
  if (innerRate !== 'auto' && solverRate !== 'auto') return { inner: innerRate, solver: solverRate };
  let largest = 0;
  for (const i of point.batches.inner.keys()) {
    largest = Math.max(largest, await estimateCurvature(point.hessianOf(i), point.w, lanczosSteps));
  }
  const safe = share / largest;
  return { inner: innerRate === 'auto' ? safe : innerRate, solver: solverRate === 'auto' ? safe : solverRate };
}

/** The inner and the outer batch of a step: a function of seed and step alone, so that a run can be taken up or replayed anywhere. */
export function drawBatches<W, L, B>(point: Point<W, L, B>, seed: number, step: number): [i: number, j: number] {
  const random = new Random(seed, `single-loop/${step}`);
  const { inner, outer } = point.batches;
  return [random.integer(inner.length), random.integer(outer.length)];
}

/** Steps in which the scale of residuals is found: a run that starts at a stationary point leaves it when λ moves. */
const SETTLING = 10;

/** One step along the directions. `diverged` if a direction's norm exceeds 1000 times its scale, or anything is not finite. */
export function advance<W, L, B>(
  point: Point<W, L, B>,
  { w, v, direct, indirect, outer }: Directions,
  before: Omit<SingleLoopState, 'scales'> & Partial<SingleLoopState>,
  tolerance = 1e-6,
): Estimate<SingleLoopState | undefined> {
  const { rates, step } = before;
  const [ofW, ofV] = [w, v].map((direction, k) => {
    const watch = new Stationarity(tolerance, before.scales?.[k]);
    watch.record(norm(direction), step < SETTLING);
    return watch;
  }) as [Stationarity, Stationarity];
  const residual = Math.max(ofW.residuals[0]!, ofV.residuals[0]!);
  const statuses = [ofW.status, ofV.status];
  const failed = statuses.includes('diverged') || !Number.isFinite(rates.inner + rates.solver);
  const state = {
    v: axpy(-rates.solver, v, before.v),
    step: step + 1,
    rates,
    scales: [ofW.scale, ofV.scale] as const,
  };
  return {
    direct,
    indirect,
    outer,
    status: failed ? 'diverged' : residual <= tolerance ? 'converged' : 'truncated',
    residuals: [residual],
    stepSize: rates.inner,
    params: axpy(-rates.inner, w, point.w),
    state: failed ? undefined : state,
  };
}
