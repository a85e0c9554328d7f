import { flatten, type Structure } from '../../ir/index.js';

/** A leaf of a tree: where it is, and where its elements lie in the raveled vector. */
export interface LeafRange {
  /** Such as `blocks[0].conv.filter`; empty if the tree is a leaf. */
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/** The leaves in the order of `ravel`. */
export function leafRanges(tree: unknown): LeafRange[] {
  const { leaves, structure } = flatten(tree);
  let next = 0;
  return pathsOf(structure, '').map((path, i) => {
    const from = next;
    next += leaves[i]!.size;
    return { path, from, to: next };
  });
}

function pathsOf(structure: Structure, path: string): string[] {
  if (structure.kind === 'leaf') return [path];
  if (structure.kind === 'array') return structure.items.flatMap((item, i) => pathsOf(item, `${path}[${i}]`));
  return structure.items.flatMap((item, i) => {
    const key = structure.keys[i]!;
    return pathsOf(item, path === '' ? key : `${path}.${key}`);
  });
}
