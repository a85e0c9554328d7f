import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../src/data/safetensors.js';
import { AutobalanceError, ConfigError, DataError, ShapeError } from '../../src/ir/errors.js';

/** A file from a header text and data bytes, right or wrong. */
function file(header: string | Uint8Array, data: readonly number[] = []): Uint8Array<ArrayBuffer> {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const tensors: Record<string, StoredTensor> = {
  weight: {
    shape: [2, 3],
    dtype: 'f32',
    data: Float32Array.of(1, -2.5, 3e-38, Number.NaN, Number.POSITIVE_INFINITY, -0),
  },
  exact: { shape: [2], dtype: 'f64', data: Float64Array.of(Math.PI, 5e-324) },
  counts: { shape: [3], dtype: 'i32', data: Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1) },
  pixels: { shape: [1, 3], dtype: 'u8', data: Uint8Array.of(0, 128, 255) },
  mask: { shape: [2], dtype: 'bool', data: Uint8Array.of(1, 0) },
  scalar: { shape: [], dtype: 'f32', data: Float32Array.of(0.5) },
  empty: { shape: [0, 7], dtype: 'f32', data: new Float32Array(0) },
  'naïve "name"\n': { shape: [1], dtype: 'u8', data: Uint8Array.of(9) },
};

function failure(bytes: Uint8Array): string {
  try {
    decodeSafetensors(bytes, 'model.safetensors');
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return error.message;
  }
  throw new Error('the file was accepted');
}

describe('safetensors', () => {
  it('writes the published layout: little-endian length, JSON, data', () => {
    const bytes = encodeSafetensors({ a: { shape: [1, 2], dtype: 'f32', data: Float32Array.of(1, 2) } }, { by: 'us' });
    const header = '{"__metadata__":{"by":"us"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(bytes).toEqual(file(padded, [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]));
  });

  it('reads a file written by another program: unsorted, unpadded, spaced', () => {
    const header =
      '{"b": {"data_offsets": [4, 6], "dtype": "U8", "shape": [2]},\n "a": {"dtype": "I32", "shape": [1], "data_offsets": [0, 4]}}';
    expect({ ...decodeSafetensors(file(header, [0xfe, 0xff, 0xff, 0xff, 7, 8]), 'f').tensors }).toEqual({
      a: { shape: [1], dtype: 'i32', data: Int32Array.of(-2) },
      b: { shape: [2], dtype: 'u8', data: Uint8Array.of(7, 8) },
    });
  });

  it('reads half precisions as f32 and 64-bit whole numbers as i32', () => {
    const header =
      '{"b":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]},"h":{"dtype":"F16","shape":[5],"data_offsets":[6,16]},' +
      '"i":{"dtype":"I64","shape":[2],"data_offsets":[16,32]}}';
    const little = (words: readonly number[]): number[] => words.flatMap((word) => [word & 0xff, word >> 8]);
    const data = [
      ...little([0x3f80, 0xc040, 0x7f80]),
      ...little([0x3c00, 0xc100, 0x0001, 0x7bff, 0xfc00]),
      ...[5, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ];
    expect({ ...decodeSafetensors(file(header, data), 'f').tensors }).toEqual({
      b: { shape: [3], dtype: 'f32', data: Float32Array.of(1, -3, Number.POSITIVE_INFINITY) },
      h: { shape: [5], dtype: 'f32', data: Float32Array.of(1, -2.5, 2 ** -24, 65504, Number.NEGATIVE_INFINITY) },
      i: { shape: [2], dtype: 'i32', data: Int32Array.of(5, -2) },
    });
  });

  it('returns what was written, for every dtype', () => {
    const metadata = { format: 'autobalance', note: 'ünïcode' };
    const bytes = encodeSafetensors(tensors, metadata);
    const content = decodeSafetensors(bytes, 'f');
    expect({ ...content.tensors }).toEqual(tensors);
    expect({ ...content.metadata }).toEqual(metadata);
    expect({ ...decodeSafetensors(encodeSafetensors({}), 'f').tensors }).toEqual({});
  });

  it('aligns the data and every element, and does not depend on the order given', () => {
    const bytes = encodeSafetensors(tensors);
    const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(headerBytes % 8).toBe(0);
    const header: Record<string, { dtype: string; data_offsets: [number, number] }> = JSON.parse(
      new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes)),
    );
    const sizes: Record<string, number> = { F64: 8, F32: 4, I32: 4, U8: 1, BOOL: 1 };
    for (const { dtype, data_offsets } of Object.values(header)) expect(data_offsets[0] % sizes[dtype]).toBe(0);
    expect(encodeSafetensors(Object.fromEntries(Object.entries(tensors).toReversed()))).toEqual(bytes);
  });

  it('reads at any alignment and shares no memory with the input', () => {
    const bytes = encodeSafetensors(tensors);
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    const { tensors: read } = decodeSafetensors(shifted, 'f');
    shifted.fill(0xff);
    expect({ ...read }).toEqual(tensors);
  });

  it('writes views into larger arrays', () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const { v } = decodeSafetensors(encodeSafetensors({ v: { shape: [2], dtype: 'f32', data } }), 'f').tensors;
    expect(v.data).toEqual(Float32Array.of(2, 3));
  });

  it('treats names of built-in properties as names', () => {
    const header =
      '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"toString":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}';
    const { tensors: read } = decodeSafetensors(file(header, [3, 4]), 'f');
    expect(Object.keys(read)).toEqual(['__proto__', 'toString']);
    expect(decodeSafetensors(encodeSafetensors(read), 'f').tensors).toEqual(read);
    expect('hasOwnProperty' in read).toBe(false);
  });

  it('refuses to write what does not fit', () => {
    const one = Float32Array.of(1);
    expect(() => encodeSafetensors({ a: { shape: [2], dtype: 'f32', data: one } })).toThrow(ShapeError);
    expect(() => encodeSafetensors({ a: { shape: [-1, -1], dtype: 'f32', data: one } })).toThrow(ShapeError);
    expect(() => encodeSafetensors({ __metadata__: { shape: [1], dtype: 'f32', data: one } })).toThrow(ConfigError);
    expect(() => encodeSafetensors({ a: { shape: [2], dtype: 'bool', data: Uint8Array.of(1, 2) } })).toThrow(
      /element 1 is 2/,
    );
    expect(() => encodeSafetensors({}, { long: 'x'.repeat(100_000_001) })).toThrow(ConfigError);
  });

  it('refuses a file cut off at any byte, or with a byte more', () => {
    const bytes = encodeSafetensors(tensors, { a: 'b' });
    for (let length = 0; length < bytes.length; length++) {
      expect(failure(bytes.subarray(0, length))).toMatch(/^model\.safetensors: .+; .+\.$/);
    }
    expect(failure(Uint8Array.of(...bytes, 0))).toContain('belong to no tensor');
  });

  it('never fails in an unplanned way on a flipped byte', () => {
    const bytes = encodeSafetensors(tensors, { a: 'b' });
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [0x01, 0x20, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] ^= flip;
        try {
          decodeSafetensors(damaged, 'f');
        } catch (error) {
          expect(error).toBeInstanceOf(AutobalanceError);
        }
      }
    }
  });

  const entry = (fields: string) => `{"a":{${fields}}}`;
  it.each([
    [
      'a PNG picture',
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0),
      [],
      'header may have 100000000',
    ],
    ['a list', '[1]', [], 'must start with {'],
    ['an empty header', '', [], 'must start with {'],
    ['broken JSON', '{"a":', [], 'not valid JSON'],
    ['text after the JSON', '{} x', [], 'not valid JSON'],
    ['a header that is not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), [], 'not valid JSON in UTF-8'],
    ['a tensor that is a number', '{"a":1}', [], 'tensor "a" must have a dtype'],
    ['a missing dtype', entry('"shape":[1],"data_offsets":[0,1]'), [0], 'must have a dtype'],
    ['a negative size', entry('"dtype":"U8","shape":[-1],"data_offsets":[0,1]'), [0], 'non-negative integers'],
    ['a fractional offset', entry('"dtype":"U8","shape":[1],"data_offsets":[0,1.5]'), [0], 'non-negative integers'],
    ['an unknown field', entry('"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":0'), [0], 'unknown field "x"'],
    ['an unsupported dtype', entry('"dtype":"U16","shape":[1],"data_offsets":[0,2]'), [0, 0], 'dtype "U16"'],
    [
      'a whole number that needs 33 bits',
      entry('"dtype":"I64","shape":[2],"data_offsets":[0,16]'),
      [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0],
      'tensor "a" of I64 holds a number beyond 32 bits at element 1',
    ],
    [
      'a dtype named like a property',
      entry('"dtype":"constructor","shape":[1],"data_offsets":[0,2]'),
      [0, 0],
      'dtype "constructor"',
    ],
    ['one offset', entry('"dtype":"U8","shape":[1],"data_offsets":[0]'), [0], '[begin, end]'],
    ['three offsets', entry('"dtype":"U8","shape":[1],"data_offsets":[0,1,2]'), [0], '[begin, end]'],
    ['offsets in reverse', entry('"dtype":"U8","shape":[1],"data_offsets":[1,0]'), [0], '[begin, end]'],
    [
      'a size that does not match',
      entry('"dtype":"F32","shape":[2],"data_offsets":[0,4]'),
      [0, 0, 0, 0],
      'needs 8 bytes',
    ],
    [
      'a size that overflows',
      entry('"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]'),
      [],
      'more than 2^53',
    ],
    ['an offset past the end', entry('"dtype":"U8","shape":[9],"data_offsets":[0,9]'), [0], 'truncated'],
    ['a hole at the start', entry('"dtype":"U8","shape":[1],"data_offsets":[1,2]'), [0, 0], 'belong to no tensor'],
    ['a bool of 2', entry('"dtype":"BOOL","shape":[1],"data_offsets":[0,1]'), [2], 'may hold 0 and 1 only'],
    [
      'overlapping tensors',
      '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
      [0, 0, 0],
      'inside the one before',
    ],
    [
      'a hole between tensors',
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}',
      [0, 0, 0],
      'bytes 1 to 2',
    ],
    [
      'a name twice',
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
      [0, 0],
      'the name "a" twice',
    ],
    [
      'a field twice',
      entry('"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]'),
      [0],
      'the name "dtype" twice',
    ],
    ['metadata that is a text', '{"__metadata__":"x"}', [], 'object of texts'],
    ['a metadata number', '{"__metadata__":{"k":1}}', [], 'entry "k" must be a text'],
  ] as [string, string | Uint8Array, number[], string][])('refuses %s', (what, header, data, message) => {
    const bytes = what === 'a PNG picture' && header instanceof Uint8Array ? header : file(header, data);
    expect(failure(bytes)).toContain(message);
  });

  it('survives a very long text and very deep nesting in the header', () => {
    const metadata = { long: '"\\\n'.repeat(3_000_000) };
    expect(decodeSafetensors(encodeSafetensors({}, metadata), 'f').metadata.long === metadata.long).toBe(true);
    const depth = 1_000_000;
    expect(failure(file(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`))).toContain('must have a dtype');
  });

  it('is not confused by quotes, braces and colons inside texts', () => {
    const metadata = { 'a": {': '}", "a": {"a', '"': '\\' };
    expect({ ...decodeSafetensors(encodeSafetensors({}, metadata), 'f').metadata }).toEqual(metadata);
  });
});
