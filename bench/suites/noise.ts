import { Random, tensor, type Value } from '../../src/portable.js';

/** Normal noise of a shape. */
export function noise(shape: readonly number[], dtype: 'f32' | 'f64' = 'f32', seed = 1): Value {
  const random = new Random(seed, `bench/${shape}`);
  const length = shape.reduce((n, extent) => n * extent, 1);
  const values = Array.from({ length }, () => random.normal());
  return tensor(dtype === 'f64' ? Float64Array.from(values) : Float32Array.from(values), { shape });
}
