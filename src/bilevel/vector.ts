import { compile } from '../backends/portable.js';
import { flatten, sizeOf, type Tree, unflatten, type Value } from '../ir/index.js';
import { add, concatenate, mul, reshape, slice, sum } from '../ops/index.js';
import { tensor } from '../tensor/index.js';

/** A tree of tensors as one vector [p], and the way back. */
export interface Raveled<T> {
  readonly vector: Value;
  /** A tree like the original from any vector [p]. */
  unravel(vector: Value): T;
}

/** All leaves of a tree joined into one vector. The leaves must have one dtype. */
export function ravel<T>(tree: T): Raveled<T> {
  const { leaves, structure } = flatten(tree as Tree);
  const shapes = leaves.map((leaf) => leaf.shape);
  return {
    vector: concatenate(leaves.map((leaf) => reshape(leaf, [leaf.size]))),
    unravel(vector) {
      let next = 0;
      const parts = shapes.map((shape) => {
        const from = next;
        next += sizeOf(shape);
        return reshape(slice(vector, [from], [next]), shape);
      });
      return unflatten<T>(structure, parts);
    },
  };
}

const axpyProgram = compile((a: Value, x: Value, y: Value) => add(mul(a, x), y));
const scaleProgram = compile((a: Value, x: Value) => mul(a, x));
const dotProgram = compile((x: Value, y: Value) => sum(mul(x, y)));
const number = (value: number, like: Value): Value => tensor(value, { dtype: like.dtype });

/** a·x + y */
export const axpy = (a: number, x: Value, y: Value): Value => axpyProgram(number(a, x), x, y);
/** a·x */
export const scale = (a: number, x: Value): Value => scaleProgram(number(a, x), x);
/** ⟨x, y⟩ */
export const dot = (x: Value, y: Value): number => dotProgram(x, y).item();
export const norm = (x: Value): number => Math.sqrt(dot(x, x));

/** The mean of vectors of one length. */
export function meanOf(vectors: readonly Value[]): Value {
  const total = vectors.reduce((sumSoFar, vector) => axpy(1, vector, sumSoFar));
  return vectors.length === 1 ? total : scale(1 / vectors.length, total);
}

/** Whether every element is a finite number. A sum of magnitudes would overflow before they do, so each is looked at. */
export const allFinite = (x: Value): boolean => x.data().every((element) => Number.isFinite(element));
