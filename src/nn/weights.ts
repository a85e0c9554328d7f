import {
  DataError,
  type DType,
  flatten,
  formatAval,
  formatShape,
  type Structure,
  sameAval,
  Tensor,
  type TypedArray,
  unflatten,
} from '../ir/index.js';

/** A stored array, as files hold it. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: TypedArray;
}

/** The path of every leaf, in the order of the leaves: `blocks.0.conv.filter`. */
function paths(structure: Structure, prefix: string): string[] {
  if (structure.kind === 'leaf') return [prefix];
  const names = structure.kind === 'object' ? structure.keys : structure.items.map((_, i) => String(i));
  return structure.items.flatMap((item, i) => paths(item, prefix === '' ? names[i]! : `${prefix}.${names[i]}`));
}

/** A tree of tensors as named arrays, ready for a file. */
export function namedArrays(tree: unknown, prefix = ''): Record<string, NamedArray> {
  const { leaves, structure } = flatten(tree);
  const names = paths(structure, prefix);
  return Object.fromEntries(
    leaves.map((leaf, i) => [names[i]!, { shape: leaf.shape, dtype: leaf.dtype, data: leaf.data() }]),
  );
}

/**
 * A tree like `template` filled from named arrays. Arrays outside `prefix` are left alone.
 * @param source names the file in messages
 * @throws {DataError} if an array is missing, has another shape or dtype, or belongs to no leaf: the file is of another model.
 */
export function treeFromArrays<T>(
  template: T,
  arrays: Readonly<Record<string, NamedArray>>,
  source: string,
  prefix = '',
): T {
  const { leaves, structure } = flatten(template);
  const names = paths(structure, prefix);
  const known = new Set(names);
  const belongs = (name: string): boolean => prefix === '' || name === prefix || name.startsWith(`${prefix}.`);
  const foreign = Object.keys(arrays).find((name) => belongs(name) && !known.has(name));
  if (foreign !== undefined) {
    throw new DataError(
      `${source}: holds ${JSON.stringify(foreign)}, which this model has not; it was saved from another model`,
    );
  }
  const filled = leaves.map((leaf, i) => {
    const array = arrays[names[i]!];
    if (!array) throw new DataError(`${source}: ${names[i]} is missing; it was saved from another model`);
    if (!sameAval(leaf.aval, array)) {
      throw new DataError(
        `${source}: ${names[i]} must be ${formatAval(leaf.aval)}, the file has ${array.dtype}${formatShape(array.shape)}; ` +
          'it was saved from another model',
      );
    }
    return Tensor.of(array.data, array.shape, array.dtype);
  });
  return unflatten<T>(structure, filled);
}
