import { ConfigError, NumericError, type Value } from '../ir/index.js';
import { lanczos, type SpectrumEstimate, signVector } from './lanczos.js';
import type { LinearOperator } from './operator.js';
import type { LinearSolver } from './solvers/solver.js';

/** How to choose step size and damping. */
export interface AutomaticOptions {
  /**
   * Added to the curvature matrix. `auto` (default) lifts the smallest Ritz value to `relativeDamping` times the largest if the solver needs a
   * positive definite matrix, and is 0 otherwise.
   */
  readonly damping?: number | 'auto';
  /** For automatic damping: the smallest curvature to allow, as a share of the largest. Default 0.01. */
  readonly relativeDamping?: number;
  /** Products of the Lanczos estimate that automatic choices need. Default 8. */
  readonly lanczosSteps?: number;
}

/** @throws {ConfigError} unless damping, relative damping and Lanczos steps are in range. */
export function requireAutomatic({
  damping = 'auto',
  relativeDamping = 0.01,
  lanczosSteps = 8,
}: AutomaticOptions): void {
  const fits =
    (damping === 'auto' || Number.isFinite(damping)) &&
    relativeDamping >= 0 &&
    Number.isSafeInteger(lanczosSteps) &&
    lanczosSteps >= 1;
  if (fits) return;
  throw new ConfigError(
    `hypergradient: damping must be a number or auto, relativeDamping not negative, lanczosSteps at least 1; got ${damping}, ` +
      `${relativeDamping}, ${lanczosSteps}`,
  );
}

export interface AutomaticChoice {
  readonly damping: number;
  /** Absent if nothing had to be estimated and nothing was known. */
  readonly spectrum?: SpectrumEstimate;
}

/** An estimate of the spectrum; `undefined` if the products are not finite, which is for a status to say. */
export async function estimateSpectrum(
  a: LinearOperator,
  like: Value,
  steps: number,
): Promise<SpectrumEstimate | undefined> {
  try {
    return await lanczos(a, { steps, start: signVector(a.columns, like.dtype) });
  } catch (error) {
    if (error instanceof NumericError) return undefined;
    throw error;
  }
}

/**
 * The largest magnitude of A's eigenvalues, uncertainty included: 1 over it is a step of descent that is safe where A is the Hessian. NaN if
 * the products are not finite. Costs `steps` products.
 */
export async function estimateCurvature(a: LinearOperator, like: Value, steps: number): Promise<number> {
  const spectrum = await estimateSpectrum(a, like, steps);
  return spectrum ? Math.max(spectrum.largest, -spectrum.smallest) + spectrum.uncertainty : Number.NaN;
}

/**
 * Damping for a solver of (A + damping·I) q = b, and the estimate of A's spectrum that it and the step size rest on. Costs `lanczosSteps`
 * products, or none if a spectrum is known or nothing is automatic. `undefined` if A's products are not finite.
 */
export async function chooseDamping(
  a: LinearOperator,
  b: Value,
  solver: Pick<LinearSolver, 'needsDefinite' | 'needsSpectrum' | 'needsDamping'>,
  { damping = 'auto', relativeDamping = 0.01, lanczosSteps = 8 }: AutomaticOptions,
  known?: SpectrumEstimate,
): Promise<AutomaticChoice | undefined> {
  const lifts = damping === 'auto' && (solver.needsDefinite || solver.needsDamping === true);
  if (!lifts && !solver.needsSpectrum) {
    return { damping: damping === 'auto' ? 0 : damping, ...(known && { spectrum: known }) };
  }
  const spectrum = known ?? (await estimateSpectrum(a, b, lanczosSteps));
  if (!spectrum) return undefined;
  if (!lifts) return { damping: damping === 'auto' ? 0 : damping, spectrum };
  const least = relativeDamping * spectrum.largest;
  return { damping: Math.max(solver.needsDamping ? least : 0, least - spectrum.smallest), spectrum };
}
