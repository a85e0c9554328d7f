import {
  type Aval,
  flatten,
  formatAval,
  leavesLike,
  type Structure,
  sameAval,
  structureKey,
  Tracer,
  type Value,
} from '../ir/index.js';

/**
 * Keeps what is made from a function per signature (structure, shapes, dtypes of its arguments). What closed over a value of an enclosing
 * trace is not kept, for that value differs from call to call.
 */
export function bySignature<A extends readonly unknown[], M extends { readonly captured: readonly Value[] }>(
  make: (args: A) => M,
): (args: A) => { made: M; leaves: Value[] } {
  const cache = new Map<string, M>();
  // A loop calls with one signature over and over: comparing with the last one takes a quarter of the time of spelling it out.
  let last: { readonly structure: Structure; readonly avals: readonly Aval[]; readonly made: M } | undefined;
  return (args) => {
    const same = last && leavesLike(last.structure, args);
    if (same?.every((leaf, i) => sameAval(leaf.aval, last!.avals[i]!))) return { made: last!.made, leaves: same };
    const { leaves, structure } = flatten(args);
    const keep = (made: M): { made: M; leaves: Value[] } => {
      last = { structure, avals: leaves.map((leaf) => leaf.aval), made };
      return { made, leaves };
    };
    const key = `${structureKey(structure)} ${leaves.map((leaf) => formatAval(leaf.aval))}`;
    const found = cache.get(key);
    if (found) return keep(found);
    const made = make(args);
    if (made.captured.some((value) => value instanceof Tracer)) return { made, leaves };
    cache.set(key, made);
    return keep(made);
  };
}
