import { type DType, isFloat, type Params, type Shape, type TypedArray } from '../../ir/index.js';

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

/** The two loops at the heart of every product. */
export interface Products {
  /** target[to + i] += factor · source[from + i] for i < count. */
  addScaled(target: Float64Array, to: number, factor: number, source: Float64Array, from: number, count: number): void;
  /** Σ a[i] · b[j] over the count elements from each offset. */
  inner(a: Float64Array, i: number, b: Float64Array, j: number, count: number): number;
}

const floatProducts: Products = {
  addScaled(target, to, factor, source, from, count) {
    for (let k = 0; k < count; k++) target[to + k]! += factor * source[from + k]!;
  },
  inner(a, i, b, j, count) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += a[i + k]! * b[j + k]!;
    return sum;
  },
};

/** A product of two i32 needs more bits than an f64 holds, so these wrap at every step. */
const integerProducts: Products = {
  addScaled(target, to, factor, source, from, count) {
    for (let k = 0; k < count; k++) target[to + k] = (target[to + k]! + Math.imul(factor, source[from + k]!)) | 0;
  },
  inner(a, i, b, j, count) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum = (sum + Math.imul(a[i + k]!, b[j + k]!)) | 0;
    return sum;
  },
};

export const productsOf = (dtype: DType): Products => (isFloat(dtype) ? floatProducts : integerProducts);
