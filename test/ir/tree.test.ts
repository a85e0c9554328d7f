import { describe, expect, test } from 'vitest';
import { flatten, leafCount, mapTrees, structureKey, TraceError, unflatten, type Value } from '../../src/ir/index.js';
import { tensorOf } from '../support/tensors.js';

const number = (value: number): Value => tensorOf([value], [], 'f32');
const [x, y, z] = [number(1), number(2), number(3)];

describe('trees', () => {
  test('have their leaves in an order that does not depend on the order of keys', () => {
    expect(flatten({ b: x, a: [y, { c: z }] }).leaves).toEqual([y, z, x]);
    expect(flatten({ a: [y, { c: z }], b: x }).leaves).toEqual([y, z, x]);
  });

  test('can be put together again', () => {
    const tree = { b: x, a: [y, { c: z }], none: [], nothing: {} };
    const { leaves, structure } = flatten(tree);
    expect(unflatten(structure, leaves)).toEqual(tree);
    expect(leafCount(structure)).toBe(3);
  });

  test('may be a single leaf, and numbers become scalars', () => {
    expect(flatten(x).leaves).toEqual([x]);
    const [leaf] = flatten(4, 'f64').leaves;
    expect(leaf!.item()).toBe(4);
    expect(leaf!.dtype).toBe('f64');
  });

  test.each([
    [{ a: [1, 'text'] }, 'string at .a[1]'],
    [{ a: null }, 'null at .a'],
    [[undefined], 'undefined at [0]'],
    [{ w: new Float32Array(2) }, 'a typed array at .w'],
    [{ d: new Date() }, 'object at .d'],
    ['text', 'string at the root'],
  ])('refuse leaves that are neither values nor numbers: %#', (tree, message) => {
    expect(() => flatten(tree)).toThrow(TraceError);
    expect(() => flatten(tree)).toThrow(message);
  });

  test('have equal keys exactly if they have one structure', () => {
    const key = (tree: unknown): string => structureKey(flatten(tree).structure);
    expect(key({ a: x, b: [y] })).toBe(key({ b: [z], a: 1 }));
    const different = [x, [x], [x, y], [[x], y], { a: x }, { b: x }, { a: x, b: y }, [], {}, { 'a,b': x }];
    const keys = different.map(key);
    expect(new Set(keys).size).toBe(different.length);
  });

  test('map leaf by leaf, if their structures agree', () => {
    const second = mapTrees((_, b) => b!, { a: x, b: [y] }, { a: z, b: [x] });
    expect(second).toEqual({ a: z, b: [x] });
    expect(() => mapTrees((a) => a!, { a: x } as object, { b: x })).toThrow('trees must have one structure');
  });
});
