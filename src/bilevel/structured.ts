import { flatten, formatAval, memo, structureKey, type Value } from '../ir/index.js';
import { ravel } from './vector.js';

/** How trees of one kind are made from vectors. */
export type Unravel<T> = (vector: Value) => T;

/**
 * Keeps what is made from `owner` (a function, a problem) for trees of one kind, so that programs are traced once: `make` gets the ways from
 * vectors back to trees like those given.
 */
export function perStructure<T extends readonly unknown[], M>(): (
  owner: object,
  like: T,
  make: (unravel: { readonly [K in keyof T]: Unravel<T[K]> }) => M,
) => M {
  const cache = new WeakMap<object, Map<string, M>>();
  return (owner, like, make) => {
    const byKind = memo(cache, owner, () => new Map<string, M>());
    const { leaves, structure } = flatten(like);
    const kind = `${structureKey(structure)} ${leaves.map((leaf) => formatAval(leaf.aval))}`;
    return memo(byKind, kind, () => {
      const unravel = like.map((tree) => ravel(tree).unravel);
      return make(unravel as unknown as { readonly [K in keyof T]: Unravel<T[K]> });
    });
  };
}
