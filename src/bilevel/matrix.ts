import type { DType, Value } from '../ir/index.js';
import { tensor } from '../tensor/index.js';
import type { LinearOperator } from './operator.js';

/** Rows of numbers; small and in f64, whatever the operator computes in. */
export type Matrix = readonly Float64Array[];

/** The i-th unit vector of length n. */
export function unitVector(n: number, i: number, dtype: DType): Value {
  const array = new Float64Array(n);
  array[i] = 1;
  return tensor(array, { dtype });
}

/** The columns of an operator with these indices, each as an array. One product each. */
export async function columnsOf(a: LinearOperator, indices: readonly number[], dtype: DType): Promise<Matrix> {
  const columns: Float64Array[] = [];
  for (const i of indices) columns.push(Float64Array.from((await a.apply(unitVector(a.columns, i, dtype))).data()));
  return columns;
}

/** Solves A·x = b by elimination with partial pivoting. A singular A gives numbers that are not finite. */
export function solveDense(a: Matrix, b: Float64Array): Float64Array {
  const n = b.length;
  const rows = a.map((row) => row.slice());
  const x = b.slice();
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    [x[k], x[pivot]] = [x[pivot]!, x[k]!];
    const top = rows[k]!;
    for (let i = k + 1; i < n; i++) {
      const row = rows[i]!;
      const factor = row[k]! / top[k]!;
      if (factor === 0) continue;
      for (let j = k; j < n; j++) row[j]! -= factor * top[j]!;
      x[i]! -= factor * x[k]!;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    let rest = x[i]!;
    for (let j = i + 1; j < n; j++) rest -= rows[i]![j]! * x[j]!;
    x[i] = rest / rows[i]![i]!;
  }
  return x;
}

export const innerProduct = (x: ArrayLike<number>, y: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i]! * y[i]!;
  return total;
};
