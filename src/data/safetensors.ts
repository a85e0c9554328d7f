import { endianness } from 'node:os';
import { ConfigError, DataError, ShapeError } from '../ir/errors.js';
import { messageOf } from '../ir/message-of.js';
import { declaredBytes } from './files.js';
import { bfloatToNumber, halfToNumber } from './half.js';

/** A named array of a safetensors file, row-major. Bool is stored as bytes 0 and 1. An empty shape is a single number. */
export type StoredTensor =
  | { shape: readonly number[]; dtype: 'f32'; data: Float32Array }
  | { shape: readonly number[]; dtype: 'f64'; data: Float64Array }
  | { shape: readonly number[]; dtype: 'i32'; data: Int32Array }
  | { shape: readonly number[]; dtype: 'u8'; data: Uint8Array }
  | { shape: readonly number[]; dtype: 'bool'; data: Uint8Array };

type DType = StoredTensor['dtype'];

export interface SafetensorsContent {
  /** Without a prototype, so any name is safe to look up. */
  tensors: Record<string, StoredTensor>;
  /** The file's free text entries; empty when it has none. */
  metadata: Record<string, string>;
}

const FORMAT: Readonly<Record<DType, { name: string; bytes: number }>> = {
  f32: { name: 'F32', bytes: 4 },
  f64: { name: 'F64', bytes: 8 },
  i32: { name: 'I32', bytes: 4 },
  u8: { name: 'U8', bytes: 1 },
  bool: { name: 'BOOL', bytes: 1 },
};

interface ReadFormat {
  readonly dtype: DType;
  readonly bytes: number;
  /** For dtypes that this library has not: the elements as those of `dtype`. */
  readonly widen?: (elements: ArrayBuffer) => Float32Array | Int32Array;
}
const READ = new Map<string, ReadFormat>([
  ...Object.entries(FORMAT).map(([dtype, { name, bytes }]): [string, ReadFormat] => [
    name,
    { dtype: dtype as DType, bytes },
  ]),
  ['F16', { dtype: 'f32', bytes: 2, widen: (elements) => Float32Array.from(new Uint16Array(elements), halfToNumber) }],
  [
    'BF16',
    { dtype: 'f32', bytes: 2, widen: (elements) => Float32Array.from(new Uint16Array(elements), bfloatToNumber) },
  ],
  ['I64', { dtype: 'i32', bytes: 8, widen: (elements) => Int32Array.from(new BigInt64Array(elements), Number) }],
]);

const METADATA = '__metadata__';
const LARGEST_HEADER = 100_000_000;
const PREFIX = 8;
const ALIGNMENT = 8;

/** Elements are little-endian in the file; on a big-endian machine this reverses each in place. */
function toOrFromFileOrder(bytes: Uint8Array<ArrayBuffer>, bytesPerElement: number): Uint8Array<ArrayBuffer> {
  if (endianness() === 'BE') {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytesPerElement === 2) buffer.swap16();
    if (bytesPerElement === 4) buffer.swap32();
    if (bytesPerElement === 8) buffer.swap64();
  }
  return bytes;
}

/** Names come from files: quoted so that a message stays one line whatever they contain. */
const quote = (name: string) => JSON.stringify(name);

function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Encodes named arrays as a safetensors file. The same content gives the same bytes: tensors are ordered by element size, largest
 * first, then by name, and the header is padded so that the data begins at a multiple of 8 and every element is aligned.
 *
 * @throws ShapeError when the data of a tensor has not the number of elements its shape says
 * @throws ConfigError when a tensor is named `__metadata__`, or the header would exceed the format's 100 MB
 * @throws DataError when a bool tensor holds a byte other than 0 or 1
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const ordered = Object.entries(tensors).sort(
    ([nameA, a], [nameB, b]) => FORMAT[b.dtype].bytes - FORMAT[a.dtype].bytes || compareNames(nameA, nameB),
  );
  const entries: [string, unknown][] = [];
  const texts = Object.entries(metadata).sort(([a], [b]) => compareNames(a, b));
  if (texts.length > 0) entries.push([METADATA, Object.fromEntries(texts)]);

  let end = 0;
  for (const [name, { shape, dtype, data }] of ordered) {
    if (name === METADATA) {
      throw new ConfigError(`safetensors: the name ${METADATA} is reserved by the format; rename the tensor.`);
    }
    const size = declaredBytes(shape, FORMAT[dtype].bytes);
    if (size === undefined || size !== data.byteLength) {
      throw new ShapeError(
        `safetensors: tensor ${quote(name)} of ${dtype} with shape [${shape.join(', ')}] does not fit its data of ${data.length} elements.`,
      );
    }
    const problem = dtype === 'bool' ? boolProblem(name, data) : undefined;
    if (problem) throw new DataError(`safetensors: ${problem}; store it as u8 or correct it.`);
    entries.push([name, { dtype: FORMAT[dtype].name, shape, data_offsets: [end, end + size] }]);
    end += size;
  }

  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;
  if (headerBytes > LARGEST_HEADER) {
    throw new ConfigError(
      `safetensors: the header may have ${LARGEST_HEADER} bytes, these names and texts need ${headerBytes}; shorten them.`,
    );
  }
  const file = new Uint8Array(PREFIX + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(header, PREFIX);
  file.fill(0x20, PREFIX + header.length, PREFIX + headerBytes);
  let at = PREFIX + headerBytes;
  for (const [, { dtype, data }] of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    toOrFromFileOrder(file.subarray(at, at + data.byteLength), FORMAT[dtype].bytes);
    at += data.byteLength;
  }
  return file;
}

/** What is wrong with the bytes of a bool tensor, or undefined. */
function boolProblem(name: string, data: Uint8Array): string | undefined {
  const bad = data.findIndex((byte) => byte > 1);
  return bad < 0 ? undefined : `bool tensor ${quote(name)} may hold 0 and 1 only, element ${bad} is ${data[bad]}`;
}

/**
 * The first key that occurs twice in one object of a valid JSON text; JSON.parse would silently keep the last. A plain scan, because
 * a regular expression overflows its stack on a text of many megabytes.
 */
function duplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    if (json[at] === '{') open.push(new Set());
    else if (json[at] === '}') open.pop();
    else if (json[at] === '"') {
      const start = at++;
      while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
      let next = at + 1;
      while (' \t\r\n'.includes(json[next])) next++;
      if (json[next] !== ':') continue;
      const key: string = JSON.parse(json.slice(start, at + 1));
      const keys = open[open.length - 1];
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

interface Entry {
  name: string;
  dtype: DType;
  bytes: number;
  widen?: ReadFormat['widen'];
  shape: number[];
  begin: number;
  end: number;
}

function parseEntry(
  name: string,
  value: unknown,
  fail: (problem: string, remedy?: string, cause?: unknown) => DataError,
): Entry {
  if (!isRecord(value) || typeof value.dtype !== 'string' || !isSizes(value.shape) || !isSizes(value.data_offsets)) {
    throw fail(`tensor ${quote(name)} must have a dtype, a shape and data_offsets of non-negative integers`);
  }
  const unknown = Object.keys(value).find((key) => key !== 'dtype' && key !== 'shape' && key !== 'data_offsets');
  if (unknown !== undefined) throw fail(`tensor ${quote(name)} has the unknown field ${quote(unknown)}`);
  const type = READ.get(value.dtype);
  if (!type) {
    throw fail(
      `tensor ${quote(name)} has dtype ${quote(value.dtype)}, this library reads ${Array.from(READ.keys()).join(', ')}`,
      'convert it, for example with tensor.float() in PyTorch',
    );
  }
  const [begin, end, ...rest] = value.data_offsets;
  if (end === undefined || rest.length > 0 || begin > end) {
    throw fail(
      `tensor ${quote(name)} must have data_offsets [begin, end] in order, found [${value.data_offsets.join(', ')}]`,
    );
  }
  const size = declaredBytes(value.shape, type.bytes);
  if (size !== end - begin) {
    throw fail(
      `tensor ${quote(name)} of ${value.dtype} with shape [${value.shape.join(', ')}] needs ${size ?? 'more than 2^53'} bytes, ` +
        `its data_offsets span ${end - begin}`,
    );
  }
  return { name, ...type, shape: value.shape, begin, end };
}

/** Position of the first I64 that i32 cannot hold: one whose upper half is not the sign of its lower one. */
function tooLarge(payload: Uint8Array): number | undefined {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  for (let at = 0; at < payload.byteLength; at += 8) {
    if (view.getInt32(at + 4, true) !== view.getInt32(at, true) >> 31) return at / 8;
  }
  return undefined;
}

/** A copy of a tensor's bytes as an array of its dtype. */
function tensorOf({ dtype, bytes, widen, shape }: Entry, payload: Uint8Array): StoredTensor {
  const stored = toOrFromFileOrder(new Uint8Array(payload), bytes).buffer;
  const buffer = widen ? widen(stored).buffer : stored;
  switch (dtype) {
    case 'f32':
      return { shape, dtype, data: new Float32Array(buffer) };
    case 'f64':
      return { shape, dtype, data: new Float64Array(buffer) };
    case 'i32':
      return { shape, dtype, data: new Int32Array(buffer) };
    case 'u8':
      return { shape, dtype, data: new Uint8Array(buffer) };
    case 'bool':
      return { shape, dtype, data: new Uint8Array(buffer) };
  }
}

/**
 * Decodes a safetensors file completely, after checking all of it: header length and JSON, names, dtypes, sizes by checked
 * multiplication, and that the tensors cover the data without hole, overlap or rest. The result shares no memory with `bytes`.
 * F16 and BF16 become f32, I64 becomes i32 where its numbers allow.
 *
 * @param file name used in error messages
 * @throws DataError naming file, tensor, problem and remedy
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): SafetensorsContent {
  const fail = (
    problem: string,
    remedy = 'the file is damaged or not safetensors: save or download it again',
    cause?: unknown,
  ) => new DataError(`${file}: ${problem}; ${remedy}.`, { cause });

  if (bytes.length < PREFIX)
    throw fail(`a safetensors file starts with an 8-byte length, this one has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const declared = view.getBigUint64(0, true);
  if (declared > BigInt(LARGEST_HEADER)) {
    throw fail(`at byte 0: the header may have ${LARGEST_HEADER} bytes, this one claims ${declared}`);
  }
  const headerBytes = Number(declared);
  const dataStart = PREFIX + headerBytes;
  if (dataStart > bytes.length) {
    throw fail(`at byte ${bytes.length}: the file ends inside its header of ${headerBytes} bytes`);
  }
  if (bytes[PREFIX] !== 0x7b || headerBytes === 0) throw fail(`at byte ${PREFIX}: the header must start with {`);

  let header: unknown;
  let json: string;
  try {
    json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(PREFIX, dataStart));
    header = JSON.parse(json);
  } catch (error) {
    const reason = messageOf(error);
    throw fail(`at byte ${PREFIX}: the header is not valid JSON in UTF-8 (${reason})`, undefined, error);
  }
  const duplicate = duplicateKey(json);
  if (duplicate !== undefined) throw fail(`the header has the name ${quote(duplicate)} twice`);
  if (!isRecord(header)) throw fail('the header must be a JSON object');

  const metadata: Record<string, string> = Object.create(null);
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name !== METADATA) {
      entries.push(parseEntry(name, value, fail));
      continue;
    }
    if (!isRecord(value)) throw fail(`${METADATA} must be an object of texts`);
    for (const [key, text] of Object.entries(value)) {
      if (typeof text !== 'string') throw fail(`${METADATA} entry ${quote(key)} must be a text`);
      metadata[key] = text;
    }
  }

  const dataBytes = bytes.length - dataStart;
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (end > dataBytes) {
      throw fail(
        `tensor ${quote(name)} ends at byte ${end} of the data, the file has only ${dataBytes}: it is truncated`,
      );
    }
    if (begin < covered)
      throw fail(`tensor ${quote(name)} begins at byte ${begin} of the data, inside the one before it`);
    if (begin > covered)
      throw fail(`bytes ${covered} to ${begin} of the data, before tensor ${quote(name)}, belong to no tensor`);
    covered = end;
  }
  if (covered !== dataBytes)
    throw fail(`bytes ${covered} to ${dataBytes} of the data, after the last tensor, belong to no tensor`);

  const tensors: Record<string, StoredTensor> = Object.create(null);
  for (const entry of entries) {
    const payload = bytes.subarray(dataStart + entry.begin, dataStart + entry.end);
    if (entry.dtype === 'i32' && entry.widen) {
      const at = tooLarge(payload);
      if (at !== undefined)
        throw fail(
          `tensor ${quote(entry.name)} of I64 holds a number beyond 32 bits at element ${at}`,
          'convert it, for example with tensor.int() in PyTorch',
        );
    }
    const tensor = tensorOf(entry, payload);
    const problem = tensor.dtype === 'bool' ? boolProblem(entry.name, tensor.data) : undefined;
    if (problem) throw fail(problem);
    tensors[entry.name] = tensor;
  }
  return { tensors, metadata };
}
