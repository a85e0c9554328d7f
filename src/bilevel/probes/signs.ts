import { Random } from '../../data/random.js';
import type { DType, Value } from '../../ir/index.js';
import { tensor } from '../../tensor/index.js';

/** A random vector [size] of ±1, number `index` of a seed: its outer product with itself is the identity in the mean (Hutchinson 1990). */
export function randomSigns(size: number, dtype: DType, seed: number, index: number): Value {
  const random = new Random(seed, `probe vector ${index}`);
  return tensor(
    Float64Array.from({ length: size }, () => (random.uint32() & 1 ? 1 : -1)),
    { dtype },
  );
}
