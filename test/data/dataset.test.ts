import { describe, expect, it } from 'vitest';
import { assertFinite, imageDataset, tableDataset } from '../../src/data/dataset.js';
import { ConfigError, DataError, NumericError } from '../../src/ir/errors.js';

const parts = {
  name: 'tiny',
  images: Uint8Array.of(0, 255, 10, 51, 255, 20, 102, 255, 30),
  labels: Int32Array.of(0, 1, 1),
  imageShape: [1, 3, 1],
  classes: 2,
} as const;

describe('imageDataset', () => {
  it('refuses images and labels that disagree', () => {
    expect(() => imageDataset({ ...parts, labels: Int32Array.of(0, 1) })).toThrow(
      /2 labels need 6 pixels .* got 9 \(3 images\)/,
    );
    expect(() => imageDataset({ ...parts, labels: new Int32Array(0), images: new Uint8Array(0) })).toThrow(DataError);
  });

  it('names the first label out of range', () => {
    expect(() => imageDataset({ ...parts, labels: Int32Array.of(0, 2, 3) })).toThrow(/sample 1 has label 2, .* 0 to 1/);
    expect(() => imageDataset({ ...parts, labels: Int32Array.of(0, 1, -1) })).toThrow(DataError);
  });

  it('refuses sizes that are not positive integers', () => {
    expect(() => imageDataset({ ...parts, classes: 0 })).toThrow(ConfigError);
    expect(() => imageDataset({ ...parts, imageShape: [1, 1.5, 2] })).toThrow(ConfigError);
  });
});

describe('assertFinite', () => {
  it('names sample and feature', () => {
    expect(() => assertFinite(Float32Array.of(1, -2, 0, 4), 2, 'inputs')).not.toThrow();
    expect(() => assertFinite(Float32Array.of(1, 2, 3, Number.NaN), 2, 'inputs')).toThrow(NumericError);
    expect(() => assertFinite(Float32Array.of(1, 2, 3, Number.NaN), 2, 'inputs')).toThrow(/sample 1, feature 1 is NaN/);
    expect(() => assertFinite(Float64Array.of(Number.NEGATIVE_INFINITY), 1, 'inputs')).toThrow(/-Infinity/);
  });
});

describe('classes and groups', () => {
  it('are named by their numbers unless names are given', () => {
    expect(imageDataset(parts)).toMatchObject({ kind: 'images', classes: 2, classNames: ['0', '1'], groups: [] });
    expect(imageDataset({ ...parts, classes: ['cat', 'dog', 'none'] })).toMatchObject({
      classes: 3,
      classNames: ['cat', 'dog', 'none'],
    });
  });

  it('are checked', () => {
    const group = { name: 'sex', names: ['F', 'M'], values: Int32Array.of(0, 1, 1) };
    expect(imageDataset({ ...parts, groups: [group] }).groups).toEqual([group]);
    expect(() => imageDataset({ ...parts, groups: [group, group] })).toThrow(/two group columns are called sex/);
    const short = { ...group, values: Int32Array.of(0) };
    expect(() => imageDataset({ ...parts, groups: [short] })).toThrow(/each of the 3 samples, got 1/);
  });
});

describe('tableDataset', () => {
  const rows = {
    name: 'rows',
    labels: Int32Array.of(0, 1),
    classes: 2,
    numericNames: ['a', 'b'],
    numeric: Float32Array.of(1, Number.NaN, 3, 4),
    categoricalColumns: [{ name: 'c', categories: ['x'] }],
    categorical: Int32Array.of(0, -1),
  } as const;

  it('takes missing values', () => {
    expect(tableDataset(rows)).toMatchObject({ kind: 'table', numericNames: ['a', 'b'], classes: 2 });
  });

  it('refuses what does not fit, naming sample and column', () => {
    expect(() => tableDataset({ ...rows, numeric: new Float32Array(3) })).toThrow(
      /2 numeric columns need 4 values, got 3/,
    );
    expect(() => tableDataset({ ...rows, categorical: new Int32Array(3) })).toThrow(DataError);
    expect(() => tableDataset({ ...rows, categorical: Int32Array.of(0, 1) })).toThrow(
      /sample 1 has category 1 in column c/,
    );
    expect(() => tableDataset({ ...rows, categorical: Int32Array.of(-2, 0) })).toThrow(DataError);
    expect(() => tableDataset({ ...rows, numeric: Float32Array.of(1, 2, 3, -Infinity) })).toThrow(NumericError);
    expect(() => tableDataset({ ...rows, numeric: Float32Array.of(1, 2, 3, -Infinity) })).toThrow(
      /sample 1, column b is -Inf/,
    );
    const none = {
      numericNames: [],
      numeric: new Float32Array(0),
      categoricalColumns: [],
      categorical: new Int32Array(0),
    };
    expect(() => tableDataset({ ...rows, ...none })).toThrow(/at least one numeric or categorical column/);
  });
});
