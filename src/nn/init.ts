import { allocateArray, type DType, type Shape, sizeOf, Tensor } from '../ir/index.js';

/** The random numbers an initialiser needs; {@link Random} of the data layer is one. */
export interface NormalSource {
  normal(): number;
  uniform(): number;
}

/** Normal with mean 0. */
export const normal = (random: NormalSource, shape: Shape, deviation: number, dtype: DType = 'f32'): Tensor =>
  generated(shape, dtype, () => random.normal() * deviation);

/** Normal with variance 2 / fan-in (He et al. 2015), for layers that a ReLU follows. `fanIn` is the number of inputs to one output. */
export const heNormal = (random: NormalSource, shape: Shape, fanIn: number, dtype: DType = 'f32'): Tensor =>
  normal(random, shape, Math.sqrt(2 / fanIn), dtype);

/** Uniform in ±1/√fan-in, the usual start of a last layer. */
export function fanInUniform(random: NormalSource, shape: Shape, fanIn: number, dtype: DType = 'f32'): Tensor {
  const bound = 1 / Math.sqrt(fanIn);
  return generated(shape, dtype, () => (2 * random.uniform() - 1) * bound);
}

function generated(shape: Shape, dtype: DType, next: () => number): Tensor {
  const array = allocateArray(dtype, sizeOf(shape));
  for (let i = 0; i < array.length; i++) array[i] = next();
  return Tensor.of(array, shape, dtype);
}
