import { bytesOf, type DType, type Storage, type TypedArray } from '../ir/index.js';
import { viewOf } from './views.js';

/** Elements at an offset into a buffer that other results may share. */
export class BufferStorage implements Storage {
  readonly buffer: ArrayBuffer;
  /** In bytes. */
  readonly offset: number;
  readonly #dtype: DType;
  readonly #size: number;
  #array: TypedArray | undefined;

  constructor(buffer: ArrayBuffer, offset: number, dtype: DType, size: number) {
    this.buffer = buffer;
    this.offset = offset;
    this.#dtype = dtype;
    this.#size = size;
  }

  read(): TypedArray {
    this.#array ??= viewOf(this.#dtype, this.buffer, this.offset, this.#size);
    return this.#array;
  }
}

/**
 * A buffer costs 0.5 to 0.8 µs whatever its size, and then its collection; a training step of a small network returns a dozen results. So
 * results share buffers with others of about their size, of this run and the next: of this many. One that is kept keeps them all.
 */
const SHARERS = 16;
/** From this many bytes on each result has a buffer to itself. */
const LARGE_BYTES = 64 * 1024;
/** Results below this many bytes count as of this size. */
const SMALL_BYTES = 1024;
/** Every result begins at a multiple of this. */
const ALIGNMENT = 64;

/** Not zeroed: what it is for overwrites all of it. The collector frees it, and knows its size, as with any other. */
const uninitialized = (bytes: number): ArrayBuffer => Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;

/** A buffer that is handed out piece by piece. */
class Chunk {
  readonly #bytes: number;
  #buffer = new ArrayBuffer(0);
  #used = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  take(dtype: DType, size: number, bytes: number): BufferStorage {
    if (this.#used + bytes > this.#buffer.byteLength) {
      this.#buffer = uninitialized(this.#bytes);
      this.#used = 0;
    }
    const offset = this.#used;
    this.#used += bytes;
    return new BufferStorage(this.#buffer, offset, dtype, size);
  }
}

/** For results of up to 1, 2, 4, … times {@link SMALL_BYTES}. */
const chunks = Array.from(
  { length: Math.log2(LARGE_BYTES / SMALL_BYTES) + 1 },
  (_, i) => new Chunk(SHARERS * SMALL_BYTES * 2 ** i),
);

interface Place {
  readonly dtype: DType;
  readonly size: number;
  /** Rounded up to {@link ALIGNMENT}. */
  readonly bytes: number;
  readonly chunk: Chunk | undefined;
}

/** Memory for the results of one program. */
export class ResultMemory {
  readonly #places: readonly Place[];

  constructor(results: readonly { readonly dtype: DType; readonly size: number }[]) {
    this.#places = results.map(({ dtype, size }) => {
      const bytes = Math.ceil((size * bytesOf(dtype)) / ALIGNMENT) * ALIGNMENT;
      const doublings = Math.max(0, Math.ceil(Math.log2(bytes / SMALL_BYTES)));
      return { dtype, size, bytes, chunk: bytes < LARGE_BYTES ? chunks[doublings] : undefined };
    });
  }

  /** Fresh memory for every result; its elements are whatever was there before. */
  allocate(): BufferStorage[] {
    return this.#places.map(({ dtype, size, bytes, chunk }) =>
      chunk ? chunk.take(dtype, size, bytes) : new BufferStorage(uninitialized(bytes), 0, dtype, size),
    );
  }
}
