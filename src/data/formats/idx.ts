import { createGunzip } from 'node:zlib';
import { DataError } from '../../ir/errors.js';
import { messageOf } from '../../ir/message-of.js';
import { declaredBytes, readFileOrThrow } from '../files.js';

/** An array read from an IDX file: row-major, in the byte order of this machine. */
export type IdxArray =
  | { shape: number[]; dtype: 'u8'; data: Uint8Array }
  | { shape: number[]; dtype: 'i8'; data: Int8Array }
  | { shape: number[]; dtype: 'i16'; data: Int16Array }
  | { shape: number[]; dtype: 'i32'; data: Int32Array }
  | { shape: number[]; dtype: 'f32'; data: Float32Array }
  | { shape: number[]; dtype: 'f64'; data: Float64Array };

/** Element types by the code in the third byte of the file. */
const ELEMENT_TYPES = new Map<number, { dtype: IdxArray['dtype']; bytes: number }>([
  [0x08, { dtype: 'u8', bytes: 1 }],
  [0x09, { dtype: 'i8', bytes: 1 }],
  [0x0b, { dtype: 'i16', bytes: 2 }],
  [0x0c, { dtype: 'i32', bytes: 4 }],
  [0x0d, { dtype: 'f32', bytes: 4 }],
  [0x0e, { dtype: 'f64', bytes: 8 }],
]);

/** The payload is big-endian, which is what a DataView reads unless told otherwise. */
function decodePayload(dtype: IdxArray['dtype'], shape: number[], payload: DataView<ArrayBuffer>, n: number): IdxArray {
  const { buffer, byteOffset } = payload;
  const length = { length: n };
  switch (dtype) {
    case 'u8':
      return { shape, dtype, data: new Uint8Array(buffer, byteOffset, n) };
    case 'i8':
      return { shape, dtype, data: new Int8Array(buffer, byteOffset, n) };
    case 'i16':
      return { shape, dtype, data: Int16Array.from(length, (_, i) => payload.getInt16(2 * i)) };
    case 'i32':
      return { shape, dtype, data: Int32Array.from(length, (_, i) => payload.getInt32(4 * i)) };
    case 'f32':
      return { shape, dtype, data: Float32Array.from(length, (_, i) => payload.getFloat32(4 * i)) };
    case 'f64':
      return { shape, dtype, data: Float64Array.from(length, (_, i) => payload.getFloat64(8 * i)) };
  }
}

interface Header {
  dtype: IdxArray['dtype'];
  elementBytes: number;
  shape: number[];
  headerBytes: number;
  totalBytes: number;
}

const DOWNLOAD_AGAIN = 'download the file again';
const LONGEST_HEADER = 4 + 4 * 255;
/** Deflate codes at best 258 bytes in two bits. */
const LARGEST_DEFLATE_RATIO = 1032;

function corrupt(file: string, offset: number, problem: string, remedy: string, cause?: unknown): DataError {
  return new DataError(`${file}: at byte ${offset}: ${problem}; ${remedy}.`, { cause });
}

const hex = (value: number) => `0x${value.toString(16).padStart(2, '0')}`;

function parseHeader(bytes: Uint8Array, file: string): Header {
  if (bytes.length < 4) {
    throw corrupt(file, bytes.length, 'the file ends inside the 4-byte IDX magic', DOWNLOAD_AGAIN);
  }
  const [zero0, zero1, code, rank] = bytes;
  if (zero0 !== 0 || zero1 !== 0) {
    const found = Array.from(bytes.subarray(0, 4), hex).join(' ');
    throw corrupt(
      file,
      0,
      `an IDX file starts with two zero bytes (or, compressed, with the gzip magic), found ${found}`,
      'check that this is an IDX file such as MNIST uses',
    );
  }
  const type = ELEMENT_TYPES.get(code);
  if (!type) {
    const known = Array.from(ELEMENT_TYPES.keys(), hex).join(', ');
    throw corrupt(file, 2, `the element type must be one of ${known}, found ${hex(code)}`, DOWNLOAD_AGAIN);
  }
  if (rank === 0) throw corrupt(file, 3, 'the number of dimensions must be at least 1, found 0', DOWNLOAD_AGAIN);
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw corrupt(
      file,
      bytes.length,
      `the header with ${rank} dimensions needs ${headerBytes} bytes, the file ends`,
      DOWNLOAD_AGAIN,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const payload = declaredBytes(shape, type.bytes);
  if (payload === undefined) {
    throw corrupt(file, 4, `the declared size ${shape.join('×')} exceeds 2^53 bytes`, DOWNLOAD_AGAIN);
  }
  return { dtype: type.dtype, elementBytes: type.bytes, shape, headerBytes, totalBytes: headerBytes + payload };
}

/**
 * Decodes the bytes of an uncompressed IDX file. 8-bit data is a view of `bytes`, wider data a copy.
 *
 * @param file name used in error messages
 * @throws DataError when the magic, element type or size is wrong, or the length is not exactly what the header declares
 */
export function decodeIdx(bytes: Uint8Array<ArrayBuffer>, file: string): IdxArray {
  const { dtype, elementBytes, shape, headerBytes, totalBytes } = parseHeader(bytes, file);
  if (bytes.length < totalBytes) {
    throw corrupt(
      file,
      bytes.length,
      `the file is truncated: shape ${shape.join('×')} needs ${totalBytes} bytes`,
      DOWNLOAD_AGAIN,
    );
  }
  if (bytes.length > totalBytes) {
    throw corrupt(
      file,
      totalBytes,
      `${bytes.length - totalBytes} or more bytes follow the end of the data (shape ${shape.join('×')})`,
      DOWNLOAD_AGAIN,
    );
  }
  const payload = new DataView(bytes.buffer, bytes.byteOffset + headerBytes, totalBytes - headerBytes);
  return decodePayload(dtype, shape, payload, payload.byteLength / elementBytes);
}

/** Inflates an IDX file, but never more than one byte beyond what its own header declares. */
async function gunzipIdx(compressed: Uint8Array, file: string): Promise<Uint8Array<ArrayBuffer>> {
  const gunzip = createGunzip();
  gunzip.end(compressed);
  let buffer = new Uint8Array(LONGEST_HEADER);
  let length = 0;
  let sized = false;
  try {
    for await (const piece of gunzip as AsyncIterable<Uint8Array>) {
      let rest = piece;
      if (!sized) {
        const part = rest.subarray(0, LONGEST_HEADER - length);
        buffer.set(part, length);
        length += part.length;
        if (length < LONGEST_HEADER) continue;
        rest = rest.subarray(part.length);
        buffer = allocateFor(parseHeader(buffer, file), buffer, compressed.length, file);
        sized = true;
      }
      const part = rest.subarray(0, buffer.length - length);
      buffer.set(part, length);
      length += part.length;
      if (length === buffer.length) return buffer; // already one byte too many: decodeIdx says so
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    const reason = messageOf(error);
    throw corrupt(
      file,
      length,
      `from here on the gzip data is corrupt or incomplete (${reason})`,
      DOWNLOAD_AGAIN,
      error,
    );
  }
  if (gunzip.bytesWritten !== compressed.length) {
    throw corrupt(
      file,
      length,
      `${compressed.length - gunzip.bytesWritten} bytes that are not gzip follow the compressed data`,
      DOWNLOAD_AGAIN,
    );
  }
  return buffer.subarray(0, length);
}

/** A buffer one byte longer than the declared size, so that a surplus shows; `head` is copied to its start. */
function allocateFor(header: Header, head: Uint8Array, compressedBytes: number, file: string): Uint8Array<ArrayBuffer> {
  const { totalBytes, shape } = header;
  if (totalBytes > compressedBytes * LARGEST_DEFLATE_RATIO) {
    throw corrupt(
      file,
      4,
      `shape ${shape.join('×')} needs ${totalBytes} bytes, more than ${compressedBytes} bytes of gzip can hold`,
      DOWNLOAD_AGAIN,
    );
  }
  const buffer = new Uint8Array(Math.max(totalBytes, head.length) + 1);
  buffer.set(head);
  return buffer;
}

/**
 * Reads an IDX file, plain or gzip-compressed (told apart by content, not by name).
 *
 * @returns shape, element type and row-major data
 * @throws FileError when the file cannot be read
 * @throws DataError naming file, offset, cause and remedy when it is truncated, too long, corrupt or not IDX; in a compressed file
 *   offsets count decompressed bytes
 */
export async function readIdx(path: string): Promise<IdxArray> {
  const bytes = await readFileOrThrow(path);
  const isGzip = bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
  return decodeIdx(isGzip ? await gunzipIdx(bytes, path) : bytes, path);
}
