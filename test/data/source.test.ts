import { describe, expect, it } from 'vitest';
import { imageDataset, tableDataset } from '../../src/data/dataset.js';
import { imageSource, measuredSource, tableSource } from '../../src/data/source.js';
import { ConfigError } from '../../src/ir/errors.js';

const sex = { name: 'sex', names: ['F', 'M'], values: Int32Array.of(0, 1, 1) };
const age = { name: 'age', names: ['young', 'old'], values: Int32Array.of(1, 1, 0) };
const images = imageDataset({
  name: 'images',
  images: Uint8Array.of(0, 255, 51, 0, 102, 51),
  labels: Int32Array.of(0, 1, 1),
  imageShape: [1, 2, 1],
  classes: 2,
  groups: [sex, age],
});
const table = tableDataset({
  name: 'table',
  numericNames: ['x'],
  numeric: Float32Array.of(1, 3, 9),
  categoricalColumns: [{ name: 'c', categories: ['a', 'b'] }],
  categorical: Int32Array.of(0, 0, 1),
  labels: Int32Array.of(0, 1, 1),
  classes: 2,
  groups: [sex],
});

describe('measuredSource', () => {
  it('gives images, classes and the groups asked for, normalised by the training samples', async () => {
    const of = measuredSource(images, { indices: Int32Array.of(0, 1), group: 'sex×age' });
    const { x, y, g } = await of(images).batch(Int32Array.of(2, 0));
    expect([x.shape, x.dtype, y.dtype, g.dtype]).toEqual([[2, 1, 2, 1], 'f32', 'i32', 'i32']);
    // First pixel: 0 and 51 in training, mean 0.1, std at its floor of 0.1. Second: 255 and 0, mean and std 0.5.
    [3, -0.6, -1, 1].forEach((value, i) => {
      expect(x.data()[i]).toBeCloseTo(value, 5);
    });
    expect(Array.from(y.data())).toEqual([1, 0]);
    expect(Array.from(g.data())).toEqual([2, 1]);
  });

  it('gives table rows as two tensors', async () => {
    const source = measuredSource(table, { indices: Int32Array.of(0, 1), group: 'sex' })(table);
    const { x, g } = await source.batch(Int32Array.of(0, 2));
    expect([x.numeric.shape, x.categorical.shape, x.categorical.dtype]).toEqual([[2, 1], [2, 1], 'i32']);
    expect(Array.from(x.numeric.data())).toEqual([-1, 7]);
    // b was not met in the training rows.
    expect(Array.from(x.categorical.data())).toEqual([0, 1]);
    expect(Array.from(g.data())).toEqual([0, 1]);
  });

  it('puts everybody into one group unless told otherwise', async () => {
    for (const source of [imageSource(images), tableSource(table), measuredSource(table)(table)]) {
      expect(source.group.names).toEqual(['all']);
      expect(Array.from((await source.batch(Int32Array.of(1, 2))).g.data())).toEqual([0, 0]);
    }
  });

  it('refuses parts of another shape', () => {
    const taller = imageDataset({ ...images, classes: 2, imageShape: [2, 1, 1] });
    expect(() => measuredSource(images)(taller)).toThrow(/has images of 2×1×1, images of 1×2×1/);
  });

  it('normalises by given figures, and by channel where images are augmented', async () => {
    const one = Int32Array.of(0);
    const given = measuredSource(images, { normalise: { mean: [0.5], std: [0.25] } })(images);
    expect(Array.from((await given.batch(one)).x.data())).toEqual([-2, 2]);
    const augmentation = { cropPadding: 0, flip: false };
    const byChannel = await measuredSource(images, { augmentation })(images).batch(one);
    const same = await measuredSource(images, { normalise: 'channel' })(images).batch(one);
    // Pixels 0 255 51 0 102 51: mean 76.5.
    expect(byChannel.x.data()).toEqual(same.x.data());
    expect(Array.from(byChannel.x.data())[0]! / Array.from(byChannel.x.data())[1]!).toBeCloseTo(-76.5 / 178.5, 5);
    const two = { mean: [0, 0], std: [1, 1] };
    expect(() => measuredSource(images, { normalise: two })).toThrow(/1 channels need as many means/);
    expect(() => measuredSource(images, { augmentation: { cropPadding: -1, flip: true } })).toThrow(ConfigError);
  });

  it('refuses a group column that is not there at once, and indices out of range with the batch', async () => {
    expect(() => measuredSource(table, { group: 'race' })).toThrow(ConfigError);
    await expect(imageSource(images).batch(Int32Array.of(3))).rejects.toThrow(ConfigError);
    await expect(tableSource(table).batch(Int32Array.of(-1))).rejects.toThrow(ConfigError);
  });
});
