import { type Aval, type DType, DTypeError, formatAval, type Primitive, ShapeError, type Value } from '../ir/index.js';
import { apply, inferNumeric } from './calculus.js';
import { equal } from './compare.js';
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
});

/** Rows of `x` [R, ...rest] at i32 `index` [...I] → [...I, ...rest]. An index out of range reads zeros. */
export const takeRows = (x: Value, index: Value): Value => apply(takeRowsPrimitive, [index, x], {});

/** i32 labels [...L] → [...L, classes] of 0 and 1; a label outside 0…classes−1 gives a row of zeros. */
export function oneHot(labels: Value, classes: number, dtype: DType = 'f32'): Value {
  requireIndices('oneHot', labels.aval);
  const shape = [...labels.shape, classes];
  return convert(equal(broadcastTo(reshape(labels, [...labels.shape, 1]), shape), iota(shape, labels.rank)), dtype);
}
