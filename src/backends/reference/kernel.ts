import type { DType, Params, Shape, TypedArray } from '../../ir/index.js';

/** An input or output of a kernel: row-major elements and what they mean. */
export interface Operand {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

interface Compute<P extends Params> {
  run(inputs: readonly Operand[], params: P, output: Operand): void;
}

/**
 * Computes one output, whose elements are zero to begin with. The inputs have passed the primitive's shape rule. The type of a method,
 * on purpose: a kernel with narrow params is usable as `Kernel`, as with `Primitive`.
 */
export type Kernel<P extends Params = Params> = Compute<P>['run'];

/** The elements as f64, in which every kernel accumulates: one kind of array keeps its loops fast and its sums exact enough. */
export const widen = (data: TypedArray): Float64Array => (data instanceof Float64Array ? data : new Float64Array(data));

/**
 * Runs `compute` on an f64 accumulator for the output and stores the result in the output's dtype (integers wrap). The accumulator
 * starts at zero.
 */
export function accumulate(output: Operand, compute: (total: Float64Array) => void): void {
  if (output.data instanceof Float64Array) {
    compute(output.data);
    return;
  }
  const total = new Float64Array(output.data.length);
  compute(total);
  output.data.set(total);
}
