import { ConfigError, type Value } from '../ir/index.js';
import { axpy, dot, type LinearOperator, norm, scale } from './operator.js';
import type { SolverResult, SolverStatus } from './solver.js';

export interface NeumannOptions {
  /** Products J: the sum has the terms j = 0 … J. */
  readonly terms: number;
  /** η. The series converges if 0 < ηλ < 2 for every eigenvalue λ that b excites. */
  readonly stepSize: number;
  /** Relative residual at which to stop early. */
  readonly tolerance?: number;
}

/**
 * A⁻¹b ≈ η Σⱼ (I − ηA)ʲ b, j = 0 … J. After the terms 0 … j the residual b − A·q is exactly the next term v_{j+1} = (I − ηA)^{j+1} b
 * (without η), so the whole history costs nothing; the last term's own residual would cost one more product and is not computed.
 * Costs J products. @throws {ConfigError} unless η > 0 and J is a non-negative integer.
 */
export async function neumann(
  a: LinearOperator,
  b: Value,
  { terms, stepSize, tolerance = 0 }: NeumannOptions,
): Promise<SolverResult> {
  if (!(stepSize > 0) || !Number.isSafeInteger(terms) || terms < 0) {
    throw new ConfigError(`neumann: needs a step size above 0 and terms ≥ 0, got ${stepSize} and ${terms}`);
  }
  const scaleOfB = norm(b);
  if (scaleOfB === 0) return { solution: b, status: 'converged', residuals: [0], products: 0 };
  const residuals = [1];
  let term = b;
  let total = b;
  let products = 0;
  let indefinite = false;
  for (; products < terms && residuals.at(-1)! > tolerance; ) {
    const image = await a.apply(term);
    products += 1;
    indefinite ||= dot(term, image) < 0;
    term = axpy(-stepSize, image, term);
    const residual = norm(term) / scaleOfB;
    residuals.push(residual);
    if (!Number.isFinite(residual)) break;
    total = axpy(1, term, total);
  }
  return { solution: scale(stepSize, total), status: statusOf(residuals, tolerance, indefinite), residuals, products };
}

function statusOf(residuals: readonly number[], tolerance: number, indefinite: boolean): SolverStatus {
  const last = residuals.at(-1)!;
  if (last <= tolerance) return 'converged';
  // Some components may grow for a while and the sum still be of use; past the zero vector's own residual it is not.
  if (!(last <= 1)) return 'diverged';
  return indefinite ? 'negative-curvature' : 'truncated';
}
