import { ConfigError, type Value } from '../../ir/index.js';
import { shiftOperator } from '../operator.js';
import { jacobiFromMoments, tridiagonalEigen } from '../tridiagonal.js';
import { axpy, dot, scale } from '../vector.js';
import { type LinearSolver, type SolverResult, type SolverStatus, trivialResult } from './solver.js';

export interface NeumannOptions {
  /** Products J: the sum has the terms j = 0 … J. */
  readonly terms: number;
  /**
   * η. The series converges if 0 < ηλ < 2 for every eigenvalue λ that b excites. Default `auto`: 1 / (largest Ritz value with its uncertainty +
   * damping), safe for every eigenvalue.
   */
  readonly stepSize?: number | 'auto';
  /** Relative residual at which to stop early. Default 0. */
  readonly tolerance?: number;
  /**
   * Whether a given η is held against an estimate of the spectrum, which hypergradients then take (8 products, or none if they know one). A
   * few terms alone cannot tell an η beyond 2/λ_max if b has little along the largest eigenvector. Default true.
   */
  readonly verify?: boolean;
}

/**
 * A⁻¹b ≈ η Σⱼ (I − ηA)ʲ b, j = 0 … J (stocBiO, Ji et al. 2021; AutoBalance with η = 1, J = 5). After the terms 0 … j the residual b − A·q is
 * exactly the next term v_{j+1} = (I − ηA)^{j+1} b, so the whole history costs nothing; the last term's own residual would cost one more
 * product and is not computed. The inner products of successive terms are moments of A's spectrum as b excites it, so Ritz values are free
 * too, and an η beyond 2/λ_max is found out before the terms have grown.
 *
 * Costs J products. @throws {ConfigError} unless η > 0 and J is a non-negative integer, or if η is `auto` and no spectrum is known.
 */
export function neumann({ terms, stepSize = 'auto', tolerance = 0, verify = true }: NeumannOptions): LinearSolver {
  if (!(stepSize === 'auto' || stepSize > 0) || !Number.isSafeInteger(terms) || terms < 0) {
    throw new ConfigError(`neumann: needs a step size above 0 and terms ≥ 0, got ${stepSize} and ${terms}`);
  }
  return {
    name: 'neumann',
    needsDefinite: true,
    needsSpectrum: stepSize === 'auto' || verify,
    async solve({ operator, damping = 0, b, spectrum }) {
      if (stepSize === 'auto' && !spectrum) {
        throw new ConfigError(
          'neumann: an automatic step size needs an estimate of the spectrum; give one, or a step size',
        );
      }
      const eta = stepSize === 'auto' ? 1 / (spectrum!.largest + spectrum!.uncertainty + damping) : stepSize;
      const known = spectrum ? [spectrum.smallest + damping, spectrum.largest + damping] : [];
      const result = await sumSeries(shiftOperator(operator, damping), b, { terms, eta, tolerance, known });
      return { ...result, stepSize: eta };
    },
  };
}

interface Series {
  readonly terms: number;
  readonly eta: number;
  readonly tolerance: number;
  /** What is known of A's extremes from elsewhere. */
  readonly known: readonly number[];
}

async function sumSeries(
  a: { apply(v: Value): Promise<Value> },
  b: Value,
  { terms, eta, tolerance, known }: Series,
): Promise<SolverResult> {
  const squared = dot(b, b);
  const trivial = trivialResult(b, Math.sqrt(squared));
  if (trivial) return trivial;
  const residuals = [1];
  /** ⟨b, (I − ηA)ᵏ b⟩ / ⟨b, b⟩ */
  const moments = [1];
  let term = b;
  let total = b;
  let products = 0;
  while (products < terms && residuals.at(-1)! > tolerance) {
    const next = axpy(-eta, await a.apply(term), term);
    products += 1;
    moments.push(dot(term, next) / squared, dot(next, next) / squared);
    term = next;
    residuals.push(Math.sqrt(moments.at(-1)!));
    if (!Number.isFinite(residuals.at(-1)!)) break;
    total = axpy(1, term, total);
  }
  const solution = scale(eta, total);
  if (!Number.isFinite(residuals.at(-1)!)) return { solution, status: 'diverged', residuals, products };
  // Rounding leaves about the square root of the precision in the pivots.
  const { diagonal, offDiagonal } = jacobiFromMoments(moments, b.dtype === 'f64' ? 1e-10 : 1e-4);
  const ritzValues = tridiagonalEigen(diagonal, offDiagonal)
    .values.map((t) => (1 - t) / eta)
    .reverse();
  const curvatures = [...ritzValues, ...known];
  return { solution, status: statusOf(residuals, tolerance, eta, curvatures), residuals, products, ritzValues };
}

/** Share of the largest curvature below which a negative one is taken for rounding. */
const ROUNDING = 1e-6;

function statusOf(
  residuals: readonly number[],
  tolerance: number,
  eta: number,
  curvatures: readonly number[],
): SolverStatus {
  const last = residuals.at(-1)!;
  if (last <= tolerance) return 'converged';
  const [smallest, largest] = [Math.min(...curvatures), Math.max(...curvatures)];
  // A Ritz value never exceeds the largest eigenvalue, so η·θ > 2 proves that the series diverges; 1 % is left for rounding.
  if (!(last <= 1) || eta * largest > 2.02) return 'diverged';
  return smallest < -ROUNDING * largest ? 'negative-curvature' : 'truncated';
}
