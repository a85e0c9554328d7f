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

/** Results below this many bytes share buffers with any others, of this run and the next. */
const SMALL_BYTES = 4096;
/** Of such a buffer: what keeping one small result alive may keep alive with it. */
const CHUNK_BYTES = 16384;
/** Larger results share a buffer with at most this many of their own size, as long as it stays below {@link SHARED_BYTES}. */
const ALIKE = 8;
const SHARED_BYTES = 1 << 20;
/** Every result begins at a multiple of this. */
const ALIGNMENT = 64;

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Not zeroed: what it is for overwrites all of it. The collector frees it, and knows its size, as with any other. */
const uninitialized = (bytes: number): ArrayBuffer => Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;

let chunk = new ArrayBuffer(0);
let used = 0;

/** Where in a chunk so many bytes may go. */
function reserve(bytes: number): number {
  if (used + bytes > chunk.byteLength) {
    chunk = uninitialized(CHUNK_BYTES);
    used = 0;
  }
  const offset = used;
  used += bytes;
  return offset;
}

interface Place {
  readonly dtype: DType;
  readonly size: number;
  /** Which of the run's own buffers; `undefined`: a chunk. */
  readonly buffer: number | undefined;
  readonly offset: number;
  /** Rounded up to {@link ALIGNMENT}. */
  readonly bytes: number;
}

/**
 * Memory for the results of one program. A buffer costs 0.5 to 0.8 µs whatever its size, and a training step of a small network returns a dozen
 * results; so small ones share, and large ones with a few of their size, which bounds what one that is kept keeps alive.
 */
export class ResultMemory {
  readonly #places: readonly Place[];
  /** Bytes of each of the run's own buffers. */
  readonly #buffers: readonly number[];

  constructor(results: readonly { readonly dtype: DType; readonly size: number }[]) {
    const buffers: { bytes: number; count: number; readonly each: number }[] = [];
    this.#places = results.map(({ dtype, size }) => {
      const bytes = aligned(size * bytesOf(dtype));
      if (bytes < SMALL_BYTES) return { dtype, size, buffer: undefined, offset: 0, bytes };
      const open = buffers.findIndex(
        (other) => other.each === bytes && other.count < ALIKE && other.bytes + bytes <= SHARED_BYTES,
      );
      const buffer = open < 0 ? buffers.push({ bytes: 0, count: 0, each: bytes }) - 1 : open;
      const into = buffers[buffer]!;
      const place = { dtype, size, buffer, offset: into.bytes, bytes };
      into.bytes += bytes;
      into.count++;
      return place;
    });
    this.#buffers = buffers.map(({ bytes }) => bytes);
  }

  /** Fresh memory for every result; its elements are whatever was there before. */
  allocate(): BufferStorage[] {
    const own = this.#buffers.map(uninitialized);
    return this.#places.map(({ dtype, size, buffer, offset, bytes }) =>
      buffer === undefined ? smallStorage(dtype, size, bytes) : new BufferStorage(own[buffer]!, offset, dtype, size),
    );
  }
}

function smallStorage(dtype: DType, size: number, bytes: number): BufferStorage {
  const offset = reserve(bytes);
  return new BufferStorage(chunk, offset, dtype, size);
}
