import { ConfigError, type DType, type Value } from '../../ir/index.js';
import { lanczos } from '../lanczos.js';
import { type LinearOperator, symmetricOperator } from '../operator.js';
import { tridiagonalEigen } from '../tridiagonal.js';
import { axpy, dot, norm } from '../vector.js';
import { randomSigns } from './signs.js';

export interface SpectrumOptions {
  /** Lanczos steps per vector, which is nodes per vector. Default 30. */
  readonly steps?: number;
  /** Random vectors to average over. Default 4. */
  readonly vectors?: number;
  /** Fixes the vectors. Default 0. */
  readonly seed?: number;
  /** Of the vectors; what the operator takes. Default f32. */
  readonly dtype?: DType;
  /** Points of the grid that the density is given on. Default 200. */
  readonly points?: number;
  /** Standard deviation of the Gaussian that each node becomes, as a share of the spectrum's width. Default 0.01. */
  readonly smoothing?: number;
}

/** An end of the spectrum. */
export interface Extreme {
  /** The outermost Ritz value; the spectrum reaches at least as far. */
  readonly value: number;
  /** Residual of its Ritz pair, rounding included: an eigenvalue lies within this distance. */
  readonly uncertainty: number;
}

/** The distribution of an operator's eigenvalues. */
export interface Spectrum {
  readonly largest: Extreme;
  readonly smallest: Extreme;
  /** Nodes of the quadrature, ascending, with weights that sum to 1: `weights[i]` of all eigenvalues lie about `nodes[i]`. */
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
  /** Where the density is given, from 3σ below the smallest to 3σ above the largest node. */
  readonly grid: readonly number[];
  /** Eigenvalues per unit of the axis, as a share of all; integrates to 1. */
  readonly density: readonly number[];
  /** Standard error of the density over the vectors; 0 if there is one. */
  readonly densityError: readonly number[];
  /** Standard deviation of the smoothing Gaussian. */
  readonly width: number;
  /** Products with the operator. */
  readonly hessianProducts: number;
}

/**
 * Stochastic Lanczos quadrature (Lin, Saad and Yang 2016; Ghorbani et al. 2019): the Lanczos matrix of each random ±1 vector is a Gauss
 * quadrature of the spectral measure, and the mean over vectors approaches the density of eigenvalues, Gaussian-smoothed to be drawn. Exact for
 * `steps` = p on a diagonal operator; outliers are found in few steps, the bulk is resolved to about its width / steps.
 *
 * Cost: steps · vectors products with `a` (times N Hessian products if it is a mean over N batches), 2·steps² dot products per vector.
 * @throws {ConfigError} unless steps, vectors and points are positive integers; {NumericError} if a product is not finite.
 */
export async function spectrum(a: LinearOperator, options: SpectrumOptions = {}): Promise<Spectrum> {
  const { steps = 30, vectors = 4, seed = 0, dtype = 'f32', points = 200, smoothing = 0.01 } = options;
  requireCounts({ steps, vectors, points });
  const runs: Run[] = [];
  for (let i = 0; i < vectors; i++) runs.push(await quadrature(a, randomSigns(a.columns, dtype, seed, i), steps));
  const largest = runs.map((run) => run.largest).reduce((x, y) => (y.value > x.value ? y : x));
  const smallest = runs.map((run) => run.smallest).reduce((x, y) => (y.value < x.value ? y : x));
  const span = largest.value - smallest.value;
  // All eigenvalues alike: any width shows the one peak.
  const width = smoothing * (span > 0 ? span : Math.abs(largest.value) || 1);
  const [from, to] = [smallest.value - 3 * width, largest.value + 3 * width];
  const grid = Array.from({ length: points }, (_, i) => from + ((to - from) * i) / Math.max(1, points - 1));
  const densities = runs.map((run) => grid.map((x) => smoothed(run, x, width)));
  const density = grid.map((_, i) => densities.reduce((total, one) => total + one[i]!, 0) / vectors);
  const pairs = runs
    .flatMap(({ nodes, weights }) => nodes.map((node, i) => [node, weights[i]! / vectors] as const))
    .sort(([x], [y]) => x - y);
  return {
    largest,
    smallest,
    nodes: pairs.map(([node]) => node),
    weights: pairs.map(([, weight]) => weight),
    grid,
    density,
    densityError: density.map((mean, i) => {
      const squares = densities.reduce((total, one) => total + (one[i]! - mean) ** 2, 0);
      return vectors === 1 ? 0 : Math.sqrt(squares / (vectors - 1) / vectors);
    }),
    width,
    hessianProducts: runs.reduce((total, run) => total + run.products, 0),
  };
}

function requireCounts(counts: { readonly [name: string]: number }): void {
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new ConfigError(`spectrum: ${name} must be a positive integer, got ${count}`);
    }
  }
}

interface Run {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
  readonly largest: Extreme;
  readonly smallest: Extreme;
  readonly products: number;
}

/** The Gauss quadrature that one start gives, with both ends of the spectrum. */
async function quadrature(a: LinearOperator, start: Value, steps: number): Promise<Run> {
  const basis: Value[] = [];
  const images: Value[] = [];
  const watched = symmetricOperator(a.columns, async (v) => {
    const image = await a.apply(v);
    basis.push(v);
    images.push(image);
    return image;
  });
  const { ritzValues, weights, largest, smallest, uncertainty } = await lanczos(watched, { steps, start });
  const rounding = (start.dtype === 'f64' ? 2 ** -53 : 2 ** -24) * Math.max(Math.abs(largest), Math.abs(smallest));
  return {
    nodes: ritzValues,
    weights,
    largest: { value: largest, uncertainty: Math.max(rounding, uncertainty) },
    smallest: { value: smallest, uncertainty: Math.max(rounding, lowerUncertainty(basis, images)) },
    products: images.length,
  };
}

/** Residual of the smallest Ritz pair, from the Lanczos vectors and their images: what {@link lanczos} tells of the largest only. */
function lowerUncertainty(basis: readonly Value[], images: readonly Value[]): number {
  const last = basis.length - 1;
  const diagonal = images.map((image, k) => dot(image, basis[k]!));
  const offDiagonal = images.slice(0, last).map((image, k) => dot(image, basis[k + 1]!));
  const own = axpy(-diagonal[last]!, basis[last]!, images[last]!);
  const rest = last === 0 ? own : axpy(-offDiagonal[last - 1]!, basis[last - 1]!, own);
  return norm(rest) * Math.abs(tridiagonalEigen(diagonal, offDiagonal).lastComponents[0]!);
}

function smoothed({ nodes, weights }: Run, x: number, width: number): number {
  const peak = 1 / (width * Math.sqrt(2 * Math.PI));
  return nodes.reduce((total, node, i) => total + weights[i]! * peak * Math.exp(-(((x - node) / width) ** 2) / 2), 0);
}
