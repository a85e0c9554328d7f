import type { DType, TypedArray } from '../ir/index.js';

/** The `size` elements at `offset` bytes into a buffer, which must lie at a multiple of their own size. */
export function viewOf(dtype: DType, memory: ArrayBufferLike, offset: number, size: number): TypedArray {
  switch (dtype) {
    case 'f32':
      return new Float32Array(memory, offset, size);
    case 'f64':
      return new Float64Array(memory, offset, size);
    case 'i32':
      return new Int32Array(memory, offset, size);
    case 'bool':
    case 'u8':
      return new Uint8Array(memory, offset, size);
  }
}
