import { describe, expect, it } from 'vitest';
import { type TableDataset, tableDataset } from '../../src/data/dataset.js';
import { encodeTable } from '../../src/data/table-encoder.js';
import { ConfigError, ShapeError } from '../../src/ir/errors.js';

const { NaN: missing } = Number;
/** Six people; the last two are held out. */
const people = tableDataset({
  name: 'people',
  labels: Int32Array.of(0, 1, 0, 1, 0, 1),
  classes: ['no', 'yes'],
  numericNames: ['age', 'hours', 'constant'],
  numeric: Float32Array.of(
    ...[20, 10, 7],
    ...[30, missing, 7],
    ...[40, 30, 7],
    ...[30, 20, 7],
    ...[90, missing, 8],
    ...[missing, 40, 7],
  ),
  categoricalColumns: [
    { name: 'work', categories: ['farm', 'office', 'sea'] },
    { name: 'home', categories: ['here', 'there'] },
  ],
  categorical: Int32Array.of(...[1, 1], ...[1, 1], ...[0, 1], ...[-1, 1], ...[2, 0], ...[-1, -1]),
});
const training = Int32Array.of(0, 1, 2, 3);
const encoder = encodeTable(people, training);

function encoded(dataset: TableDataset, indices: Int32Array, by = encoder) {
  const numeric = new Float32Array(indices.length * by.features.length);
  const categorical = new Int32Array(indices.length * by.categorical.length);
  by.fill(dataset, indices, numeric, categorical);
  return { numeric: Array.from(numeric), categorical: Array.from(categorical) };
}

describe('encodeTable', () => {
  it('measures mean and deviation of the training values that are there', () => {
    // Ages 20 30 40 30: variance 50. Hours 10 30 20: variance 200/3.
    expect(encoder.numeric).toEqual([
      { name: 'age', mean: 30, std: Math.sqrt(50), missing: false },
      { name: 'hours', mean: 20, std: expect.closeTo(Math.sqrt(200 / 3), 12), missing: true },
      { name: 'constant', mean: 7, std: 1, missing: false },
    ]);
    expect(encoder.features).toEqual(['age', 'hours', 'constant', 'hours is missing']);
  });

  it('gives slots to what training has met, one to missing where that was met, and one to all else', () => {
    expect(encoder.categorical.map(({ slots }) => slots)).toEqual([
      ['farm', 'office', 'missing', 'other'],
      ['there', 'other'],
    ]);
    expect(encoder.vocabularySizes).toEqual([4, 2]);
  });

  it('standardises training rows to mean 0 and deviation 1', () => {
    const { numeric, categorical } = encoded(people, training);
    const ages = [0, 4, 8, 12].map((i) => numeric[i]!);
    expect(ages.reduce((sum, x) => sum + x, 0)).toBeCloseTo(0, 6);
    expect(ages.reduce((sum, x) => sum + x * x, 0) / 4).toBeCloseTo(1, 6);
    expect(categorical).toEqual([1, 0, 1, 0, 0, 0, 2, 0]);
  });

  it('puts missing values at the mean with an indicator, and unseen categories into other', () => {
    const { numeric, categorical } = encoded(people, Int32Array.of(1, 4, 5));
    expect(numeric.map((x) => Number(x.toFixed(4)))).toEqual([
      ...[0, 0, 0, 1],
      ...[Number((60 / Math.sqrt(50)).toFixed(4)), 0, 1, 1],
      // An age was never missing in training: no indicator, only the mean.
      ...[0, Number((20 / Math.sqrt(200 / 3)).toFixed(4)), 0, 0],
    ]);
    // sea and here were not met in training; a missing home was not either.
    expect(categorical).toEqual([1, 0, 3, 1, 2, 1]);
  });

  it('takes held-out rows out of the measurement', () => {
    const all = encodeTable(people);
    expect(all.numeric[0]!.mean).toBe(42);
    expect(all.vocabularySizes).toEqual([5, 4]);
  });

  it('knows a vocabulary that has grown since', () => {
    const grown = {
      ...people,
      categoricalColumns: [
        { name: 'work', categories: ['farm', 'office', 'sea', 'moon'] },
        people.categoricalColumns[1]!,
      ],
    };
    const moon = { ...grown, categorical: people.categorical.map((value, i) => (i === 0 ? 3 : value)) };
    expect(encoded(moon, Int32Array.of(0)).categorical).toEqual([3, 0]);
  });

  it('measures a large offset without losing the spread', () => {
    const offset = tableDataset({
      name: 'offset',
      labels: new Int32Array(4),
      classes: 1,
      numericNames: ['x'],
      numeric: Float32Array.of(16777210, 16777212, 16777214, 16777216),
      categoricalColumns: [],
      categorical: new Int32Array(0),
    });
    expect(encodeTable(offset).numeric[0]).toMatchObject({ mean: 16777213, std: Math.sqrt(5) });
  });

  it('gives a column without any value an indicator that is always set', () => {
    const empty = encodeTable(people, Int32Array.of(1));
    expect(empty.numeric[1]).toEqual({ name: 'hours', mean: 0, std: 1, missing: true });
    expect(encoded(people, Int32Array.of(4), empty).numeric.at(-1)).toBe(1);
  });

  it('refuses what does not fit', () => {
    expect(() => encodeTable(people, new Int32Array(0))).toThrow(ConfigError);
    expect(() => encodeTable(people, Int32Array.of(6))).toThrow(/index 6 is outside 0 to 5/);
    expect(() => encoder.fill(people, training, new Float32Array(3), new Int32Array(8))).toThrow(ShapeError);
    const fewer = { ...people, numericNames: ['age'] };
    expect(() => encoder.fill(fewer, training, new Float32Array(16), new Int32Array(8))).toThrow(/has 1 numeric/);
    expect(() => encoded(people, Int32Array.of(-1))).toThrow(ConfigError);
  });
});
