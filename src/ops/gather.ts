import { type Aval, type DType, DTypeError, formatAval, type Primitive, ShapeError, type Value } from '../ir/index.js';
import { add, mul } from './arithmetic.js';
import { joinAxis, splitAxis } from './batch.js';
import { apply, inferNumeric, repeat } from './calculus.js';
import { equal, greaterEqual, less, logicalAnd, select } from './compare.js';
import { linear } from './define.js';
import { convert } from './elementwise.js';
import { broadcastTo, iota, reshape } from './movement.js';

export type AddRowsParams = { readonly rows: number };

function requireIndices(name: string, index: Aval): void {
  if (index.dtype !== 'i32')
    throw new DTypeError(`${name}: indices must be i32, got ${formatAval(index)}; convert them`);
}

/** Inputs (index [...I], x [R, ...rest]) → [...I, ...rest]: rows of x. An index outside 0…R−1 reads zeros. */
export const takeRowsPrimitive: Primitive = linear('takeRows', {
  fixed: 1,
  infer([index, x]) {
    requireIndices('takeRows', index!);
    if (x!.shape.length === 0) throw new ShapeError('takeRows: x must have rows, got a scalar');
    return { shape: [...index!.shape, ...x!.shape.slice(1)], dtype: x!.dtype };
  },
  transpose: (ct, { inputs: [index], avals: [, x] }) => [apply(addRowsPrimitive, [index!, ct], { rows: x!.shape[0]! })],
  batch({ size, inputs: [index, x], batched: [indexIsBatched, xIsBatched] }) {
    // One table for all examples: a batch of indices is merely more indices.
    if (!xIsBatched) return takeRows(x!, index!);
    const perExample = indexIsBatched ? index! : repeat(index!, size);
    return takeRows(joinAxis(x!, 0), rowsOfTables('takeRows', perExample, x!.shape[1]!));
  },
});

/** Inputs (index [...I], y [...I, ...rest]) → [rows, ...rest]: adds each row of y where its index says, in order. */
export const addRowsPrimitive: Primitive<AddRowsParams> = linear('addRows', {
  fixed: 1,
  infer([index, y], { rows }) {
    requireIndices('addRows', index!);
    inferNumeric('addRows', [y!]);
    if (index!.shape.some((extent, axis) => extent !== y!.shape[axis])) {
      throw new ShapeError(
        `addRows: values ${formatAval(y!)} must begin with the axes of the indices ${formatAval(index!)}`,
      );
    }
    return { shape: [rows, ...y!.shape.slice(index!.shape.length)], dtype: y!.dtype };
  },
  transpose: (ct, { inputs: [index] }) => [apply(takeRowsPrimitive, [index!, ct], {})],
  batch({ params: { rows }, size, inputs, batched }) {
    const [index, y] = inputs.map((input, i) => (batched[i] ? input : repeat(input, size)));
    const total = apply(addRowsPrimitive, [rowsOfTables('addRows', index!, rows), y!], { rows: size * rows });
    return splitAxis(total, size, 0);
  },
});

/**
 * Row numbers in B tables laid one after another, from indices [B, ...I] into each one's `rows`. What is out of range of its own table
 * must not reach the next one, nor wrap around to any: it becomes −1.
 * @throws {ShapeError} if there are more rows than i32 counts.
 */
function rowsOfTables(name: string, index: Value, rows: number): Value {
  const tables = index.shape[0]!;
  if (tables * rows >= 2 ** 31) {
    throw new ShapeError(
      `${name}: a batch of ${tables} tables of ${rows} rows has more rows than an i32 index counts; map over fewer at once`,
    );
  }
  const inside = logicalAnd(greaterEqual(index, 0), less(index, rows));
  return select(inside, add(index, mul(iota(index.shape), rows)), -1);
}

/** Rows of `x` [R, ...rest] at i32 `index` [...I] → [...I, ...rest]. An index out of range reads zeros. */
export const takeRows = (x: Value, index: Value): Value => apply(takeRowsPrimitive, [index, x], {});

/** i32 labels [...L] → [...L, classes] of 0 and 1; a label outside 0…classes−1 gives a row of zeros. */
export function oneHot(labels: Value, classes: number, dtype: DType = 'f32'): Value {
  requireIndices('oneHot', labels.aval);
  const shape = [...labels.shape, classes];
  return convert(equal(broadcastTo(reshape(labels, [...labels.shape, 1]), shape), iota(shape, labels.rank)), dtype);
}
