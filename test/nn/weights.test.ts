import { describe, expect, test } from 'vitest';
import {
  DataError,
  type NamedArray,
  namedArrays,
  Random,
  smallCnn,
  tensor,
  treeFromArrays,
  zeros,
} from '../../src/index.js';

const tree = {
  head: { weight: tensor([[1, 2]], { dtype: 'f64' }), bias: tensor([3]) },
  blocks: [{ filter: tensor([4, 5]) }, { filter: tensor([6], { dtype: 'i32' }) }],
};
const template = {
  head: { weight: zeros([1, 2], 'f64'), bias: zeros([1]) },
  blocks: [{ filter: zeros([2]) }, { filter: zeros([1], 'i32') }],
};
const NAMES = ['blocks.0.filter', 'blocks.1.filter', 'head.bias', 'head.weight'];
const without = (arrays: Record<string, NamedArray>, name: string): Record<string, NamedArray> =>
  Object.fromEntries(Object.entries(arrays).filter(([key]) => key !== name));

describe('namedArrays', () => {
  test('names every leaf by its path', () => {
    const arrays = namedArrays(tree);
    expect(Object.keys(arrays)).toEqual(NAMES);
    expect(arrays['head.weight']).toEqual({ shape: [1, 2], dtype: 'f64', data: Float64Array.of(1, 2) });
    expect(arrays['blocks.1.filter']).toEqual({ shape: [1], dtype: 'i32', data: Int32Array.of(6) });
  });

  test('a prefix stands before every name, and is the whole name of a single tensor', () => {
    expect(Object.keys(namedArrays(tree, 'model'))).toEqual(NAMES.map((name) => `model.${name}`));
    expect(Object.keys(namedArrays(tensor(1), 'alpha'))).toEqual(['alpha']);
    expect(namedArrays({})).toEqual({});
  });
});

describe('treeFromArrays', () => {
  test('is the inverse of namedArrays', () => {
    expect(namedArrays(treeFromArrays(template, namedArrays(tree), 'file'))).toEqual(namedArrays(tree));
    const model = smallCnn({ classes: 3, imageShape: [8, 8, 1], channels: [2] });
    const saved = namedArrays(model.init(new Random(5)), 'a.b');
    const filled = treeFromArrays(model.init(new Random(6)), saved, 'file', 'a.b');
    expect(namedArrays(filled, 'a.b')).toEqual(saved);
  });

  test('leaves arrays outside the prefix alone', () => {
    const arrays = { ...namedArrays(tree, 'train'), ...namedArrays(tree, 'search'), ...namedArrays(tree, 'training') };
    expect(namedArrays(treeFromArrays(template, arrays, 'file', 'train'))).toEqual(namedArrays(tree));
  });

  test.each([
    ['missing', without(namedArrays(tree), 'head.bias'), /file: head\.bias is missing/],
    ['foreign', { ...namedArrays(tree), 'head.extra': namedArrays(tree)['head.bias'] }, /file: holds "head\.extra"/],
    [
      'of another shape',
      { ...namedArrays(tree), 'head.weight': { shape: [2, 1], dtype: 'f64', data: new Float64Array(2) } as const },
      /file: head\.weight must be f64\[1, 2\], the file has f64\[2, 1\]/,
    ],
    [
      'of another dtype',
      { ...namedArrays(tree), 'head.weight': { shape: [1, 2], dtype: 'f32', data: new Float32Array(2) } as const },
      /file: head\.weight must be f64\[1, 2\], the file has f32\[1, 2\]/,
    ],
  ])('an array that is %s is a DataError naming file and array', (_, arrays, message) => {
    expect(() => treeFromArrays(template, arrays, 'file')).toThrow(DataError);
    expect(() => treeFromArrays(template, arrays, 'file')).toThrow(message);
  });

  test('with a prefix, the messages hold the full names', () => {
    const arrays = namedArrays(tree, 'train');
    const missing = without(arrays, 'train.head.bias');
    expect(() => treeFromArrays(template, missing, 'run/x.safetensors', 'train')).toThrow(
      /run\/x\.safetensors: train\.head\.bias is missing/,
    );
    const foreign = { ...arrays, 'train.tail': arrays['train.head.bias'] };
    expect(() => treeFromArrays(template, foreign, 'file', 'train')).toThrow(/holds "train\.tail"/);
  });
});
