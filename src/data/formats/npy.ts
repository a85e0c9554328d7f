import type { DataError } from '../../ir/errors.js';
import { hexOf, quoted, wrongByte } from '../corrupt.js';
import { declaredBytes } from '../files.js';

/** An array of an NPY file: row-major. 64-bit integers are given as numbers; all must be exact ones. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly dtype: NpyType['name'];
  readonly data:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | Float32Array
    | Float64Array;
}

interface NpyType {
  readonly name: 'bool' | 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64' | 'f32' | 'f64';
  readonly bytes: number;
  read(view: DataView, little: boolean, count: number, bad: (element: number) => DataError): NpyArray['data'];
}

const array =
  <A extends NpyArray['data']>(
    kind: { new (length: number): A; readonly BYTES_PER_ELEMENT: number },
    get: (view: DataView, at: number, little: boolean) => number,
  ): NpyType['read'] =>
  (view, little, count) => {
    const data = new kind(count);
    for (let i = 0; i < count; i++) data[i] = get(view, i * kind.BYTES_PER_ELEMENT, little);
    return data;
  };

/** 64-bit integers as f64, which must hold each exactly. */
const wide =
  (get: (view: DataView, at: number, little: boolean) => bigint): NpyType['read'] =>
  (view, little, count, bad) => {
    const data = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      data[i] = Number(get(view, i * 8, little));
      if (!Number.isSafeInteger(data[i])) throw bad(i);
    }
    return data;
  };

/** A view of the file's bytes. */
const u8: NpyType['read'] = (view, _, count) => new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, count);

/** By the part of `descr` behind the byte order. */
const TYPES: ReadonlyMap<string, NpyType> = new Map<string, NpyType>([
  ['b1', { name: 'bool', bytes: 1, read: u8 }],
  ['u1', { name: 'u8', bytes: 1, read: u8 }],
  ['i1', { name: 'i8', bytes: 1, read: array(Int8Array, (view, at) => view.getInt8(at)) }],
  ['u2', { name: 'u16', bytes: 2, read: array(Uint16Array, (view, at, little) => view.getUint16(at, little)) }],
  ['i2', { name: 'i16', bytes: 2, read: array(Int16Array, (view, at, little) => view.getInt16(at, little)) }],
  ['u4', { name: 'u32', bytes: 4, read: array(Uint32Array, (view, at, little) => view.getUint32(at, little)) }],
  ['i4', { name: 'i32', bytes: 4, read: array(Int32Array, (view, at, little) => view.getInt32(at, little)) }],
  ['u8', { name: 'u64', bytes: 8, read: wide((view, at, little) => view.getBigUint64(at, little)) }],
  ['i8', { name: 'i64', bytes: 8, read: wide((view, at, little) => view.getBigInt64(at, little)) }],
  ['f4', { name: 'f32', bytes: 4, read: array(Float32Array, (view, at, little) => view.getFloat32(at, little)) }],
  ['f8', { name: 'f64', bytes: 8, read: array(Float64Array, (view, at, little) => view.getFloat64(at, little)) }],
]);

/** What the header of an NPY file says. */
export interface NpyHeader {
  readonly type: NpyType;
  readonly little: boolean;
  readonly shape: readonly number[];
  readonly headerBytes: number;
  /** Bytes of the whole file. */
  readonly totalBytes: number;
}

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
/** NumPy itself writes 128 bytes; what its documentation calls unsafe begins at 10,000. */
const LONGEST_HEADER = 10_000;
const SAVE_AGAIN = 'save the array again with numpy.save or numpy.savez';

/**
 * Bytes that {@link parseNpyHeader} needs to see, given those at the start of the file.
 * @throws DataError when they are not those of an NPY file
 */
export function npyHeaderBytes(start: Uint8Array, file: string): number {
  const found = start.subarray(0, MAGIC.length);
  if (!MAGIC.every((byte, i) => found[i] === byte)) {
    throw wrongByte(file, 0, `an NPY file starts with ${hexOf(MAGIC)}, found ${hexOf(found)}`, SAVE_AGAIN);
  }
  if (start.length < 12) throw wrongByte(file, start.length, 'the file ends inside its header', SAVE_AGAIN);
  const view = new DataView(start.buffer, start.byteOffset, 12);
  const version = start[6]!;
  if (version < 1 || version > 3) {
    throw wrongByte(file, 6, `the format version must be 1, 2 or 3, found ${version}`, SAVE_AGAIN);
  }
  const bytes = version === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
  if (bytes > LONGEST_HEADER) {
    throw wrongByte(file, 8, `the header may have ${LONGEST_HEADER} bytes, this one claims ${bytes}`, SAVE_AGAIN);
  }
  return bytes;
}

const HEADER =
  /^\{\s*'descr':\s*'([<>|=])([a-zA-Z]\d*)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(((?:\s*\d+\s*,)*\s*\d*\s*)\),?\s*\}\s*$/;

/**
 * Reads the header of an NPY file. It is a Python literal; only the form that NumPy writes for plain numbers is taken, and nothing of it is
 * ever evaluated.
 * @param bytes at least {@link npyHeaderBytes} of the file
 * @throws DataError for structured, text and object arrays (those are pickles, which run code when read), column-major order, or nonsense
 */
export function parseNpyHeader(bytes: Uint8Array, file: string): NpyHeader {
  const headerBytes = npyHeaderBytes(bytes, file);
  if (bytes.length < headerBytes) throw wrongByte(file, bytes.length, 'the file ends inside its header', SAVE_AGAIN);
  const start = bytes[6] === 1 ? 10 : 12;
  const text = new TextDecoder('latin1').decode(bytes.subarray(start, headerBytes));
  const [, order, code, fortran, list] = HEADER.exec(text) ?? [];
  if (order === undefined || code === undefined || list === undefined) {
    throw wrongByte(
      file,
      start,
      `the header must describe one array of plain numbers, found ${quoted(text.trim())}`,
      `arrays of objects, texts and records are not read; ${SAVE_AGAIN}`,
    );
  }
  const type = TYPES.get(code);
  if (!type) {
    throw wrongByte(
      file,
      start,
      `the element type must be one of ${[...TYPES.keys()].join(', ')}, found ${code}`,
      'convert the array with astype',
    );
  }
  const shape = list.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  if (fortran === 'True' && shape.length > 1) {
    throw wrongByte(file, start, 'the array is column-major', 'save numpy.ascontiguousarray(a) instead');
  }
  const payload = declaredBytes(shape, type.bytes);
  if (payload === undefined)
    throw wrongByte(file, start, `the shape ${shape.join('×')} exceeds 2^53 bytes`, SAVE_AGAIN);
  return { type, little: order !== '>', shape, headerBytes, totalBytes: headerBytes + payload };
}

/**
 * Decodes an NPY file.
 * @param file name used in error messages
 * @throws DataError naming the byte where the file is not what its header says, or a 64-bit integer beyond 2⁵³
 */
export function decodeNpy(bytes: Uint8Array, file: string): NpyArray {
  const { type, little, shape, headerBytes, totalBytes } = parseNpyHeader(bytes, file);
  if (bytes.length !== totalBytes) {
    const problem = bytes.length < totalBytes ? 'the file is truncated' : 'bytes follow the end of the data';
    throw wrongByte(
      file,
      Math.min(bytes.length, totalBytes),
      `${problem}: shape ${shape.join('×')} of ${type.name} needs ${totalBytes} bytes, found ${bytes.length}`,
      SAVE_AGAIN,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + headerBytes, totalBytes - headerBytes);
  const bad = (element: number): DataError =>
    wrongByte(
      file,
      headerBytes + element * type.bytes,
      `element ${element} does not fit into 53 bits`,
      'convert the array with astype',
    );
  const data = type.read(view, little, (totalBytes - headerBytes) / type.bytes, bad);
  return { shape, dtype: type.name, data };
}
