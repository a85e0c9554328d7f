import { ShapeError, type Value } from '../../ir/index.js';
import { add, div, greater, matmul, maximum, mul, oneHot, reshape, select, sum, transpose } from '../../ops/index.js';

/** Number of each sample's cell (y, g), y·G + g, i32 [N]; without groups G must be 1. @throws {ShapeError} if G > 1 and none are given */
export function cellsOf(labels: Value, groups: Value | undefined, count: number): Value {
  if (count === 1) return labels;
  if (!groups) {
    throw new ShapeError(`objective: it speaks of ${count} groups, but the samples come without groups; give them`);
  }
  return add(mul(labels, count), groups);
}

export interface CellMeans {
  /** [M, V]; 0 for a cell without samples. */
  readonly means: Value;
  /** bool [M]: whether the batch has samples (of positive weight) of the cell. */
  readonly present: Value;
}

/**
 * Means of `values` [N] or [N, V] over the samples of each cell, weighted if `weights` [N] are given.
 * @param cells i32 [N], 0 … count−1
 */
export function cellMeans(values: Value, cells: Value, count: number, weights?: Value): CellMeans {
  const samples = values.shape[0]!;
  const columns = values.rank === 1 ? reshape(values, [samples, 1]) : values;
  const members = oneHot(cells, count, values.dtype);
  const shares = weights ? mul(members, reshape(weights, [samples, 1])) : members;
  const totals = sum(shares, { axes: 0 });
  const present = greater(totals, 0);
  // Dividing by 1 where there is nothing to divide keeps NaN out of every derivative.
  const means = div(matmul(transpose(shares), columns), reshape(select(present, totals, 1), [count, 1]));
  return { means, present };
}

/** Mean of `values` [M] over the cells that are present; 0 if none is. */
export function meanOfPresent(values: Value, present: Value): Value {
  const one = select(present, add(mul(values, 0), 1), 0);
  return div(sum(mul(values, one)), maximum(sum(one), 1));
}
