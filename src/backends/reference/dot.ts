import { sizeOf } from '../../ir/index.js';
import type { ParamsOf } from '../../ops/index.js';
import { accumulate, type Kernel, type Operand, productsOf, widen } from './kernel.js';
import { copy } from './movement.js';

export const dot: Kernel<ParamsOf<'dot'>> = ([a, b], { transA, transB }, output) => {
  const left = asStored(a!, transA);
  const right = asStored(b!, transB);
  const batches = sizeOf(output.shape.slice(0, -2));
  const [rows, columns] = output.shape.slice(-2) as [number, number];
  const { addScaled } = productsOf(output.dtype);
  const inner = a!.shape.at(transA ? -2 : -1)!;
  accumulate(output, (c) => {
    for (let batch = 0; batch < batches; batch++) {
      for (let i = 0; i < rows; i++) {
        const row = (batch * rows + i) * columns;
        for (let k = 0; k < inner; k++) {
          const factor = left[(batch * rows + i) * inner + k]!;
          const other = (batch * inner + k) * columns;
          addScaled(c, row, factor, right, other, columns);
        }
      }
    }
  });
};

/** The matrices in f64, with their last two axes swapped if they are stored the other way round. */
function asStored({ data, shape }: Operand, transposed: boolean): Float64Array {
  if (!transposed) return widen(data);
  const [rows, columns] = shape.slice(-2) as [number, number];
  const batches = sizeOf(shape.slice(0, -2));
  const result = new Float64Array(data.length);
  const from = { offset: 0, strides: [rows * columns, 1, columns] };
  const to = { offset: 0, strides: [rows * columns, rows, 1] };
  copy(data, from, result, to, [batches, columns, rows]);
  return result;
}
