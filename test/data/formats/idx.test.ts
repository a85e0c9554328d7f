import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeIdx, readIdx } from '../../../src/data/formats/idx.js';
import { DataError, FileError } from '../../../src/ir/errors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autobalance-idx-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** An IDX file with the given payload bytes, right or wrong. */
function idx(code: number, shape: readonly number[], payload: readonly number[] | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 4 * shape.length + payload.length);
  bytes.set([0, 0, code, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  bytes.set(payload, 4 + 4 * shape.length);
  return bytes;
}

let files = 0;
async function read(bytes: Uint8Array, suffix = '') {
  const path = join(folder, `file-${files++}${suffix}`);
  await writeFile(path, bytes);
  return readIdx(path);
}

async function dataFailure(bytes: Uint8Array): Promise<string> {
  const error = await read(bytes).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DataError)) throw new Error(`expected a DataError, got ${String(error)}`);
  expect(error.message).toMatch(/file-\d+: at byte \d+: .+; .+\.$/);
  return error.message;
}

const small = idx(0x08, [2, 3], [1, 2, 3, 4, 5, 255]);

describe('readIdx', () => {
  it('reads every element type, big-endian', async () => {
    expect(await read(small)).toEqual({ shape: [2, 3], dtype: 'u8', data: Uint8Array.of(1, 2, 3, 4, 5, 255) });
    expect(await read(idx(0x09, [2], [0xff, 0x7f]))).toEqual({ shape: [2], dtype: 'i8', data: Int8Array.of(-1, 127) });
    expect(await read(idx(0x0b, [2], [0xff, 0xfe, 1, 0]))).toEqual({
      shape: [2],
      dtype: 'i16',
      data: Int16Array.of(-2, 256),
    });
    expect(await read(idx(0x0c, [1, 1], [0x80, 0, 0, 1]))).toEqual({
      shape: [1, 1],
      dtype: 'i32',
      data: Int32Array.of(-(2 ** 31) + 1),
    });
    expect(await read(idx(0x0d, [1], [0x3f, 0xc0, 0, 0]))).toEqual({
      shape: [1],
      dtype: 'f32',
      data: Float32Array.of(1.5),
    });
    expect(await read(idx(0x0e, [1], [0xc0, 0x04, 0, 0, 0, 0, 0, 0]))).toEqual({
      shape: [1],
      dtype: 'f64',
      data: Float64Array.of(-2.5),
    });
  });

  it('reads gzip by content, whatever the name, small and large, one member or two', async () => {
    const large = idx(
      0x08,
      [1000, 500],
      Uint8Array.from({ length: 500_000 }, (_, i) => (i * i) & 0xff),
    );
    expect(await read(gzipSync(small), '.gz')).toEqual(decodeIdx(small, 'small'));
    const members = Buffer.concat([gzipSync(large.subarray(0, 70_000)), gzipSync(large.subarray(70_000))]);
    for (const [bytes, suffix] of [[gzipSync(large)], [large, '.gz'], [members]] as [Uint8Array, string?][]) {
      const { shape, data } = await read(bytes, suffix);
      expect(shape).toEqual([1000, 500]);
      expect(Buffer.compare(Uint8Array.from(data), large.subarray(12))).toBe(0);
    }
  });

  it('reads empty arrays and data that compresses as far as deflate can', async () => {
    expect((await read(idx(0x08, [0, 28, 28], []))).data).toHaveLength(0);
    const zeros = idx(0x08, [4_000_000], new Uint8Array(4_000_000));
    expect((await read(gzipSync(zeros, { level: 9 }))).data).toHaveLength(4_000_000);
  });

  it('refuses a file cut off at any byte, plain or inside the gzip stream or before compression', async () => {
    for (let length = 0; length < small.length; length++) {
      const message = await dataFailure(small.subarray(0, length));
      expect(message).toContain(`at byte ${length}: `);
      expect(await dataFailure(gzipSync(small.subarray(0, length)))).toContain(`at byte ${length}: `);
    }
    const compressed = gzipSync(small);
    for (let length = 2; length < compressed.length; length++) {
      expect(await dataFailure(compressed.subarray(0, length))).toContain('gzip data is corrupt or incomplete');
    }
  });

  it('refuses trailing bytes', async () => {
    const longer = Uint8Array.of(...small, 0);
    expect(await dataFailure(longer)).toContain(`at byte ${small.length}: 1 or more bytes follow`);
    expect(await dataFailure(gzipSync(longer))).toContain('1 or more bytes follow');
    expect(await dataFailure(Buffer.concat([gzipSync(small), Buffer.alloc(5)]))).toContain('5 bytes that are not gzip');
    expect(await dataFailure(Buffer.concat([gzipSync(small), Buffer.from('garbage')]))).toContain(
      'gzip data is corrupt',
    );
  });

  it('refuses a wrong magic, element type or rank', async () => {
    expect(await dataFailure(Uint8Array.of(1, ...small.subarray(1)))).toContain('found 0x01 0x00 0x08 0x02');
    expect(await dataFailure(new TextEncoder().encode('<!DOCTYPE html>'))).toContain('two zero bytes');
    expect(await dataFailure(idx(0x0a, [1], [0]))).toContain('found 0x0a');
    expect(await dataFailure(idx(0x08, [], [0]))).toContain('at least 1');
  });

  it('refuses sizes that overflow', async () => {
    const huge = [0xffffffff, 0xffffffff, 0xffffffff];
    expect(await dataFailure(idx(0x0e, huge, []))).toContain('exceeds 2^53');
    expect(await dataFailure(idx(0x08, [0xffffffff, 1000], [1]))).toContain('truncated');
  });

  it('refuses corrupt gzip data', async () => {
    const payload = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) & 0xff);
    const good = gzipSync(idx(0x08, [5000], payload));
    const checksumBroken = Uint8Array.from(good);
    checksumBroken[good.length - 6] ^= 0xff;
    expect(await dataFailure(checksumBroken)).toContain('gzip data is corrupt');
    const streamBroken = Uint8Array.from(good);
    streamBroken.fill(0xff, 12, 40);
    expect(await dataFailure(streamBroken)).toContain('gzip data is corrupt');
  });

  it('stops a gzip bomb at the size the header declares, and an absurd declaration before allocating', async () => {
    const bomb = gzipSync(idx(0x08, [10], new Uint8Array(200_000_000)));
    const before = process.memoryUsage().arrayBuffers;
    expect(await dataFailure(bomb)).toContain('follow the end of the data (shape 10)');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
    const boast = gzipSync(idx(0x08, [0xffffffff, 1000], new Uint8Array(5000)));
    expect(await dataFailure(boast)).toContain('of gzip can hold');
  });

  it('reports files that cannot be read', async () => {
    await expect(readIdx(join(folder, 'none'))).rejects.toThrow(FileError);
    await expect(readIdx(folder)).rejects.toThrow(/EISDIR/);
  });
});
