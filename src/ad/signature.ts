import { flatten, formatAval, structureKey, Tracer, type Value } from '../ir/index.js';

/**
 * Keeps what is made from a function per signature (structure, shapes, dtypes of its arguments). What closed over a value of an enclosing
 * trace is not kept, for that value differs from call to call.
 */
export function bySignature<A extends readonly unknown[], M extends { readonly captured: readonly Value[] }>(
  make: (args: A) => M,
): (args: A) => { made: M; leaves: Value[] } {
  const cache = new Map<string, M>();
  return (args) => {
    const { leaves, structure } = flatten(args);
    const key = `${structureKey(structure)} ${leaves.map((leaf) => formatAval(leaf.aval))}`;
    const found = cache.get(key);
    if (found) return { made: found, leaves };
    const made = make(args);
    if (!made.captured.some((value) => value instanceof Tracer)) cache.set(key, made);
    return { made, leaves };
  };
}
