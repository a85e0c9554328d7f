import { describe, expect, test } from 'vitest';
import { DTypeError, ShapeError, type Tensor, type Value } from '../../src/ir/index.js';
import {
  broadcastTo,
  concatenate,
  iota,
  oneHot,
  pad,
  reshape,
  reverse,
  slice,
  takeRows,
  transpose,
} from '../../src/ops/index.js';
import { evaluate } from '../support/evaluate.js';
import { programOf } from '../support/programs.js';
import { tensorOf } from '../support/tensors.js';

const x = tensorOf([1, 2, 3, 4, 5, 6], [2, 3], 'f32');

/** Shape and elements of fn(x). */
function result(fn: (...inputs: Value[]) => Value, ...inputs: Tensor[]): [number[], number[]] {
  const tensor = evaluate(fn, inputs);
  return [[...tensor.shape], [...tensor.data()]];
}

/** Traces fn at x's shape. */
const fails =
  (fn: (x: Value) => Value): (() => unknown) =>
  () =>
    programOf((value) => [fn(value!)], [x.aval]);

describe('reshape', () => {
  test('works out one extent', () => {
    expect(result((v) => reshape(v!, [3, -1]), x)).toEqual([
      [3, 2],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect(result((v) => reshape(v!, [-1]), x)[0]).toEqual([6]);
  });

  test('returns the value itself if there is nothing to do', () => {
    programOf(
      (v) => {
        expect(reshape(v!, [2, 3])).toBe(v);
        return [v!];
      },
      [x.aval],
    );
  });

  test('tells why it cannot', () => {
    expect(fails((v) => reshape(v, [4, -1]))).toThrow('f32[2, 3] does not divide into [4, -1]');
    expect(fails((v) => reshape(v, [-1, -1]))).toThrow('at most one extent may be -1');
    expect(fails((v) => reshape(v, [7]))).toThrow('reshape: f32[2, 3] has 6 elements, [7] needs 7');
  });
});

describe('transpose', () => {
  test('reverses the axes unless told otherwise', () => {
    expect(result((v) => transpose(v!), x)).toEqual([
      [3, 2],
      [1, 4, 2, 5, 3, 6],
    ]);
  });

  test('refuses what is no permutation', () => {
    expect(fails((v) => transpose(v, [0, 0]))).toThrow('[0, 0] is no permutation of the axes of f32[2, 3]');
    expect(fails((v) => transpose(v, [0]))).toThrow(ShapeError);
    expect(fails((v) => transpose(v, [0, 1, 2]))).toThrow(ShapeError);
  });
});

describe('broadcastTo', () => {
  test('repeats missing axes and extents of 1', () => {
    const row = tensorOf([1, 2], [1, 2], 'f32');
    expect(result((v) => broadcastTo(v!, [2, 3, 2]), row)[1]).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
    const column = tensorOf([1, 2], [2, 1], 'f32');
    expect(result((v) => broadcastTo(v!, [2, 3]), column)[1]).toEqual([1, 1, 1, 2, 2, 2]);
  });

  test('refuses a smaller target', () => {
    expect(fails((v) => broadcastTo(v, [3]))).toThrow('f32[2, 3] does not broadcast to [3]');
    expect(fails((v) => broadcastTo(v, [1, 3]))).toThrow(ShapeError);
  });
});

describe('slice, pad and reverse', () => {
  test('take, add and turn round', () => {
    expect(result((v) => slice(v!, [0, 1], [2, 3]), x)[1]).toEqual([2, 3, 5, 6]);
    expect(result((v) => slice(v!, [0, 0], [2, 3], [1, 2]), x)[1]).toEqual([1, 3, 4, 6]);
    expect(result((v) => pad(v!, [0, 1], [1, 0]), x)).toEqual([
      [3, 4],
      [0, 1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0],
    ]);
    expect(result((v) => reverse(v!, [-1]), x)[1]).toEqual([3, 2, 1, 6, 5, 4]);
  });

  test('refuse what lies outside', () => {
    expect(fails((v) => slice(v, [0, 0], [2, 4]))).toThrow('0 ≤ start ≤ limit ≤ extent');
    expect(fails((v) => slice(v, [0, 2], [2, 1]))).toThrow(ShapeError);
    expect(fails((v) => slice(v, [0, 0], [2, 3], [0, 1]))).toThrow(ShapeError);
    expect(fails((v) => slice(v, [0], [2]))).toThrow(ShapeError);
    expect(fails((v) => pad(v, [-1, 0], [0, 0]))).toThrow('non-negative low, high and interior');
    expect(fails((v) => reverse(v, [2]))).toThrow('axis 2 is out of range for rank 2');
  });
});

describe('concatenate', () => {
  test('joins along an axis counted from the end', () => {
    expect(result((v) => concatenate([v!, v!], -1), x)).toEqual([
      [2, 6],
      [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6],
    ]);
  });

  test('refuses parts that differ elsewhere', () => {
    expect(fails((v) => concatenate([v, transpose(v)]))).toThrow('parts may differ along axis 0 only');
    expect(fails(() => concatenate([]))).toThrow('needs at least one part');
    expect(fails((v) => concatenate([v], 2))).toThrow(ShapeError);
    expect(fails((v) => concatenate([v, iota([2, 3])]))).toThrow(DTypeError);
  });
});

describe('rows', () => {
  test('are taken by index; none is taken from outside', () => {
    const index = tensorOf([1, -1, 0, 2], [2, 2], 'i32');
    expect(result((v, i) => takeRows(v!, i!), x, index)).toEqual([
      [2, 2, 3],
      [4, 5, 6, 0, 0, 0, 1, 2, 3, 0, 0, 0],
    ]);
  });

  test('need i32 indices', () => {
    expect(fails((v) => takeRows(v, v))).toThrow('takeRows: indices must be i32, got f32[2, 3]');
    expect(fails((v) => oneHot(v, 3))).toThrow(DTypeError);
  });

  test('oneHot gives no row to a label out of range', () => {
    const labels = tensorOf([2, 0, 3, -1], [4], 'i32');
    expect(result((v) => oneHot(v!, 3), labels)).toEqual([
      [4, 3],
      [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    ]);
  });
});
