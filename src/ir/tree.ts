import type { DType } from './dtype.js';
import { TraceError } from './errors.js';
import { scalar } from './trace.js';
import { Value } from './value.js';

/** Nested arrays and plain objects with values (or numbers) at the leaves, as arguments and results of user functions. */
export type Tree = Value | number | readonly Tree[] | { readonly [key: string]: Tree };

/** The shape of a tree without its leaves. */
export type Structure =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'array'; readonly items: readonly Structure[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly items: readonly Structure[] };

const LEAF: Structure = { kind: 'leaf' };

export interface Flattened {
  readonly leaves: Value[];
  readonly structure: Structure;
}

/**
 * The leaves of a tree in a fixed order (object keys sorted) and what is needed to put them back. Numbers become scalars of `dtype`.
 * @throws {TraceError} naming the path of a leaf that is neither a value nor a number.
 */
export function flatten(tree: unknown, dtype: DType = 'f32'): Flattened {
  const leaves: Value[] = [];
  const visit = (node: unknown, path: string): Structure => {
    if (node instanceof Value) {
      leaves.push(node);
      return LEAF;
    }
    if (typeof node === 'number') {
      leaves.push(scalar(node, dtype));
      return LEAF;
    }
    if (Array.isArray(node)) return { kind: 'array', items: node.map((item, i) => visit(item, `${path}[${i}]`)) };
    if (isPlainObject(node)) {
      const keys = Object.keys(node).sort();
      return { kind: 'object', keys, items: keys.map((key) => visit(node[key], `${path}.${key}`)) };
    }
    const what = ArrayBuffer.isView(node) ? 'a typed array' : node === null ? 'null' : typeof node;
    throw new TraceError(
      `tree: leaves are tensors or numbers, got ${what} at ${path || 'the root'}; wrap arrays with tensor()`,
    );
  };
  const structure = visit(tree, '');
  return { leaves, structure };
}

/**
 * The leaves of a tree if it is of this structure, `undefined` if it is another or holds anything but values. What {@link flatten} finds out with
 * names and messages, for callers that have met the structure before.
 */
export function leavesLike(structure: Structure, tree: unknown): Value[] | undefined {
  const leaves: Value[] = [];
  return collect(structure, tree, leaves) ? leaves : undefined;
}

function collect(structure: Structure, node: unknown, leaves: Value[]): boolean {
  if (structure.kind === 'leaf') return node instanceof Value && leaves.push(node) > 0;
  const { items } = structure;
  if (structure.kind === 'array') {
    if (!Array.isArray(node) || node.length !== items.length) return false;
    for (let i = 0; i < items.length; i++) if (!collect(items[i]!, node[i], leaves)) return false;
    return true;
  }
  if (!isPlainObject(node)) return false;
  const { keys } = structure;
  for (let i = 0; i < keys.length; i++) {
    if (!collect(items[i]!, node[keys[i]!], leaves)) return false;
  }
  return Object.keys(node).length === keys.length;
}

function isPlainObject(node: unknown): node is Record<string, unknown> {
  if (typeof node !== 'object' || node === null) return false;
  const prototype = Object.getPrototypeOf(node);
  return prototype === Object.prototype || prototype === null;
}

/** Puts leaves back into a structure; the inverse of {@link flatten}. The caller vouches for the type. */
export function unflatten<T>(structure: Structure, leaves: readonly Value[]): T {
  let next = 0;
  const build = (node: Structure): unknown => {
    if (node.kind === 'leaf') return leaves[next++];
    if (node.kind === 'array') return node.items.map(build);
    const object: Record<string, unknown> = {};
    node.items.forEach((item, i) => {
      const key = node.keys[i]!;
      // Assigning to this one key would set the prototype.
      if (key === '__proto__') Object.defineProperty(object, key, { value: build(item), enumerable: true });
      else object[key] = build(item);
    });
    return object;
  };
  return build(structure) as T;
}

/** Number of leaves. */
export const leafCount = (structure: Structure): number =>
  structure.kind === 'leaf' ? 1 : structure.items.reduce((n, item) => n + leafCount(item), 0);

/** Text that is equal exactly for equal structures, for use as a cache key. */
export function structureKey(structure: Structure): string {
  if (structure.kind === 'leaf') return '*';
  if (structure.kind === 'array') return `[${structure.items.map(structureKey).join()}]`;
  return `{${structure.items.map((item, i) => `${JSON.stringify(structure.keys[i])}:${structureKey(item)}`).join()}}`;
}

/** Applies `fn` to corresponding leaves of trees of one structure. @throws {TraceError} if the structures differ. */
export function mapTrees<T>(fn: (...leaves: Value[]) => Value, first: T, ...others: readonly T[]): T {
  const { leaves, structure } = flatten(first);
  const rest = others.map((tree) => {
    const other = flatten(tree);
    requireSameStructure('mapTrees', structure, other.structure);
    return other.leaves;
  });
  return unflatten<T>(
    structure,
    leaves.map((leaf, i) => fn(leaf, ...rest.map((list) => list[i]!))),
  );
}

export function requireSameStructure(operation: string, expected: Structure, got: Structure): void {
  if (structureKey(expected) !== structureKey(got)) {
    throw new TraceError(
      `${operation}: trees must have one structure, expected ${structureKey(expected)}, got ${structureKey(got)}`,
    );
  }
}
