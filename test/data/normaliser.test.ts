import { describe, expect, it } from 'vitest';
import { imageDataset } from '../../src/data/dataset.js';
import { fillBatch, fillLabels } from '../../src/data/fill.js';
import { Normaliser, standardise } from '../../src/data/normaliser.js';
import { ConfigError, NumericError, ShapeError } from '../../src/ir/errors.js';

const tiny = imageDataset({
  name: 'tiny',
  images: Uint8Array.of(0, 255, 10, 51, 255, 20, 102, 255, 30),
  labels: Int32Array.of(0, 1, 1),
  imageShape: [1, 3, 1],
  classes: 2,
});

describe('standardise and fillBatch', () => {
  it('measures mean and standard deviation of each pixel, with a floor', () => {
    const { mean, std } = standardise(tiny, { stdFloor: 0.05 });
    expect(mean).toEqual(Float32Array.of(0.2, 1, 20 / 255));
    expect(std[0]).toBeCloseTo(Math.sqrt((0.04 + 0 + 0.04) / 3), 6);
    expect(std[1]).toBe(Math.fround(0.05));
    expect(std[2]).toBe(Math.fround(0.05)); // measured 0.032
  });

  it('measures only the samples asked for', () => {
    expect(standardise(tiny, { indices: Int32Array.of(2) }).mean).toEqual(Float32Array.of(0.4, 1, 30 / 255));
  });

  it('measures channels as a whole when asked', () => {
    const colour = imageDataset({
      ...tiny,
      images: Uint8Array.of(0, 100, 50, 100, 255, 0, 205, 0),
      labels: Int32Array.of(0, 1),
      imageShape: [2, 1, 2],
    });
    const { mean, std } = standardise(colour, { per: 'channel', stdFloor: 1e-6 });
    expect(Array.from(mean)).toEqual([0.5, 50 / 255, 0.5, 50 / 255].map(Math.fround));
    const first = Math.fround(Math.sqrt((127.5 ** 2 * 2 + 77.5 ** 2 * 2) / 4) / 255);
    expect(Array.from(std)).toEqual([first, 50 / 255, first, 50 / 255].map(Math.fround));
  });

  it('fills a batch with normalised pixels and labels, in the order of the indices', () => {
    const normaliser = new Normaliser(Float32Array.of(0.2, 1, 0), Float32Array.of(0.5, 0.25, 1));
    const out = new Float32Array(6);
    fillBatch(tiny, Int32Array.of(2, 0), normaliser, out);
    [(0.4 - 0.2) / 0.5, 0, 30 / 255, -0.2 / 0.5, 0, 10 / 255].forEach((value, i) => {
      expect(out[i]).toBeCloseTo(value, 6);
    });
    const labels = new Int32Array(2);
    fillLabels(tiny, Int32Array.of(2, 0), labels);
    expect(labels).toEqual(Int32Array.of(1, 0));
  });

  it('leaves pixels in 0 … 1 with the identity', () => {
    const out = new Float32Array(3);
    fillBatch(tiny, Int32Array.of(1), Normaliser.identity(3), out);
    expect(out).toEqual(Float32Array.of(0.2, 1, 20 / 255));
  });

  it('standardises the data it measured to mean 0 and deviation 1', () => {
    const out = new Float32Array(9);
    fillBatch(tiny, Int32Array.of(0, 1, 2), standardise(tiny), out);
    const column = [out[0], out[3], out[6]];
    expect(column.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6);
    expect(column.reduce((sum, value) => sum + value * value, 0) / 3).toBeCloseTo(1, 6);
  });

  it('refuses what does not fit', () => {
    const normaliser = Normaliser.identity(3);
    const indices = Int32Array.of(0, 1);
    expect(() => fillBatch(tiny, indices, normaliser, new Float32Array(5))).toThrow(ShapeError);
    expect(() => fillBatch(tiny, indices, Normaliser.identity(4), new Float32Array(6))).toThrow(/the normaliser 4/);
    expect(() => fillBatch(tiny, Int32Array.of(3), normaliser, new Float32Array(3))).toThrow(
      /index 3 is outside 0 to 2/,
    );
    expect(() => fillLabels(tiny, Int32Array.of(-1), new Int32Array(1))).toThrow(ConfigError);
    expect(() => fillLabels(tiny, indices, new Int32Array(1))).toThrow(ShapeError);
    expect(() => standardise(tiny, { indices: new Int32Array(0) })).toThrow(ConfigError);
    for (const stdFloor of [0, -1, Number.NaN]) expect(() => standardise(tiny, { stdFloor })).toThrow(/stdFloor/);
    expect(() => new Normaliser(new Float32Array(2), new Float32Array(3).fill(1))).toThrow(ShapeError);
    expect(() => new Normaliser(new Float32Array(2), new Float32Array(2))).toThrow(NumericError);
    expect(() => new Normaliser(Float32Array.of(Number.NaN), Float32Array.of(1))).toThrow(/feature 0/);
  });
});
