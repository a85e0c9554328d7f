import type { Random } from '../../src/data/random.js';
import { arrayFrom, type DType, type Shape, sizeOf, Tensor } from '../../src/ir/index.js';

/** Draws `count` numbers. */
export type Draw = (random: Random, count: number) => number[];

/** Uniform in [low, high). */
export const uniform =
  (low: number, high: number): Draw =>
  (random, count) =>
    Array.from({ length: count }, () => low + (high - low) * random.uniform());

/** Magnitudes uniform in [low, high), either sign: keeps away from 0. */
export const awayFromZero =
  (low: number, high: number): Draw =>
  (random, count) =>
    uniform(low, high)(random, count).map((x) => (random.uniform() < 0.5 ? -x : x));

/**
 * Distinct numbers about 0, any two at least 0.05 apart, in random order; `offset` shifts the whole grid, so that two draws with offsets
 * 0 and 0.5 never tie either.
 */
export const distinct =
  (offset = 0): Draw =>
  (random, count) =>
    Array.from(random.permutation(count), (k) => 0.15 * (k + offset - count / 2) + 0.02 * random.uniform());

/** Whole numbers in [low, high). */
export const whole =
  (low: number, high: number): Draw =>
  (random, count) =>
    Array.from({ length: count }, () => low + random.integer(high - low));

/** The given numbers, over and over. */
export const fixed =
  (...values: readonly number[]): Draw =>
  (_, count) =>
    Array.from({ length: count }, (_, i) => values[i % values.length]!);

/** A tensor of `dtype` from numbers, which are converted as its typed array does. */
export const tensorOf = (values: ArrayLike<number>, shape: Shape, dtype: DType): Tensor =>
  Tensor.of(arrayFrom(dtype, values), shape, dtype);

/** Numbers in [−1, 1) of a tensor's shape and dtype, as directions for derivatives. They are numbers of f32 too, so conversions keep them. */
export const directionLike = (random: Random, { shape, dtype }: { shape: Shape; dtype: DType }): Tensor =>
  tensorOf(uniform(-1, 1)(random, sizeOf(shape)).map(Math.fround), shape, dtype);

/** Σ aᵢ·bᵢ over lists of tensors, in f64. */
export function inner(a: readonly Tensor[], b: readonly Tensor[]): number {
  let total = 0;
  a.forEach((tensor, k) => {
    const x = tensor.data();
    const y = b[k]!.data();
    for (let i = 0; i < x.length; i++) total += x[i]! * y[i]!;
  });
  return total;
}

/** Euclidean norm over a list of tensors. */
export const norm = (tensors: readonly Tensor[]): number => Math.sqrt(inner(tensors, tensors));

/** Σ coefficientₖ·tensorsₖ, elementwise; all of one shape and dtype. */
export function combine(coefficients: readonly number[], tensors: readonly Tensor[]): Tensor {
  const first = tensors[0]!;
  const values = new Float64Array(first.size);
  tensors.forEach((tensor, k) => {
    tensor.data().forEach((x, i) => {
      values[i]! += coefficients[k]! * x;
    });
  });
  return tensorOf(values, first.shape, first.dtype);
}
