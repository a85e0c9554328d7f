import { Random } from '../../data/random.js';
import { ConfigError } from '../../ir/index.js';
import { tensor } from '../../tensor/index.js';
import { columnsOf, innerProduct, solveDense } from '../matrix.js';
import { shiftOperator } from '../operator.js';
import { axpy, norm } from '../vector.js';
import { type LinearSolver, trivialResult } from './solver.js';

export interface NystromOptions {
  /** Columns k to sample. */
  readonly rank: number;
  /** Fixes which. Default 0. */
  readonly seed?: number;
  /** Relative residual that counts as converged. Default 1e-6. */
  readonly tolerance?: number;
}

/**
 * Nyström (Hataya and Yamada 2023): H ≈ Z M⁺ Zᵀ from k of its columns Z = H_{:,S}, M = H_{S,S}, and by Woodbury with damping ρ
 * q = b/ρ − ρ⁻² Z (M + ρ⁻¹ ZᵀZ)⁻¹ Zᵀ b. Exact for k = p. Costs k products, and one for the residual, which is otherwise unknown.
 * @throws {ConfigError} unless the rank is a positive integer; on solving without damping.
 */
export function nystrom({ rank, seed = 0, tolerance = 1e-6 }: NystromOptions): LinearSolver {
  if (!Number.isSafeInteger(rank) || rank < 1)
    throw new ConfigError(`nystrom: the rank must be at least 1, got ${rank}`);
  return {
    name: 'nystrom',
    needsDefinite: true,
    needsSpectrum: false,
    needsDamping: true,
    async solve({ operator, damping = 0, b }) {
      if (!(damping > 0)) throw new ConfigError(`nystrom: needs damping above 0, got ${damping}; leave it automatic`);
      const normOfB = norm(b);
      const trivial = trivialResult(b, normOfB);
      if (trivial) return trivial;
      const size = operator.columns;
      const sample = new Random(seed, 'nystrom').permutation(size).subarray(0, Math.min(rank, size));
      const indices = Array.from(sample).sort((i, j) => i - j);
      const z = await columnsOf(operator, indices, b.dtype);
      const right = Float64Array.from(b.data());
      const small = z.map((column, i) =>
        Float64Array.from(
          z,
          (other, j) => (column[indices[j]!]! + other[indices[i]!]!) / 2 + innerProduct(column, other) / damping,
        ),
      );
      const weights = solveDense(
        small,
        Float64Array.from(z, (column) => innerProduct(column, right)),
      );
      const q = right.map((value) => value / damping);
      z.forEach((column, k) => {
        const factor = weights[k]! / damping ** 2;
        for (let i = 0; i < size; i++) q[i]! -= factor * column[i]!;
      });
      const solution = tensor(q, { dtype: b.dtype });
      const residual = norm(axpy(-1, await shiftOperator(operator, damping).apply(solution), b)) / normOfB;
      return {
        solution,
        status: residual <= tolerance ? 'converged' : residual <= 1 ? 'truncated' : 'diverged',
        residuals: [1, residual],
        products: indices.length + 1,
      };
    },
  };
}
