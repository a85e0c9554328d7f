import { flatten, sizeOf, type Tree, unflatten, type Value } from '../ir/index.js';
import { concatenate, reshape, slice } from '../ops/index.js';

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
