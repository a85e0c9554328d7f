import { ConfigError } from '../../ir/index.js';
import { tensor } from '../../tensor/index.js';
import { columnsOf, innerProduct, solveDense } from '../matrix.js';
import { type LinearSolver, trivialResult } from './solver.js';

export interface DenseOptions {
  /** Largest p: the matrix takes 8p² bytes, its elimination p³/3 steps. Default 2000. */
  readonly maxSize?: number;
}

/**
 * Forms A column by column and eliminates, in f64: the oracle that every other solver is held to. Costs p products.
 * @throws {ConfigError} on solving a larger system than `maxSize`.
 */
export const denseSolver = ({ maxSize = 2000 }: DenseOptions = {}): LinearSolver => ({
  name: 'dense',
  needsDefinite: false,
  needsSpectrum: false,
  async solve({ operator, damping = 0, b }) {
    const size = operator.columns;
    if (size > maxSize) {
      throw new ConfigError(
        `dense: ${size} unknowns are more than maxSize = ${maxSize}; raise it, or use cg or minres`,
      );
    }
    const right = Float64Array.from(b.data());
    const normOfB = Math.sqrt(innerProduct(right, right));
    const trivial = trivialResult(b, normOfB);
    if (trivial) return trivial;
    const columns = await columnsOf(
      operator,
      Array.from({ length: size }, (_, i) => i),
      b.dtype,
    );
    // Symmetric up to rounding: the mean with its transpose is exactly so, and rows are columns.
    const matrix = columns.map((column, i) =>
      column.map((value, j) => (value + columns[j]![i]!) / 2 + (i === j ? damping : 0)),
    );
    const solution = solveDense(matrix, right);
    const rest = matrix.map((row, i) => right[i]! - innerProduct(row, solution));
    const residual = Math.sqrt(innerProduct(rest, rest)) / normOfB;
    return {
      solution: tensor(solution, { dtype: b.dtype }),
      status: residual < 1e-6 ? 'converged' : residual < 1 ? 'truncated' : 'diverged',
      residuals: [1, residual],
      products: size,
    };
  },
});
