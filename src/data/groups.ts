import { ConfigError, DataError } from '../ir/errors.js';

/** A named partition of the samples: a sensitive attribute, a background, a coarse class. */
export interface GroupColumn {
  readonly name: string;
  /** What each group is called; their number is the number of groups. */
  readonly names: readonly string[];
  /** Group of each sample, shape [n], 0 … names.length−1. */
  readonly values: Int32Array;
}

/** The column in which everybody is in one group: what there is where nobody named another. */
export const everyone = (samples: number): GroupColumn => ({
  name: 'all',
  names: ['all'],
  values: new Int32Array(samples),
});

/** @throws {DataError} if the column has not one group for each sample, or names none; a message names column and sample. */
export function checkGroup(column: GroupColumn, samples: number, dataset: string): void {
  const { name, names, values } = column;
  if (values.length !== samples) {
    throw new DataError(
      `${dataset}: group column ${name} must have a value for each of the ${samples} samples, got ${values.length}.`,
    );
  }
  const bad = values.findIndex((value) => value < 0 || value >= names.length);
  if (bad >= 0) {
    throw new DataError(
      `${dataset}: sample ${bad} has group ${values[bad]} in column ${name}, but its ${names.length} groups are 0 to ${names.length - 1}.`,
    );
  }
}

/**
 * The product of columns: a group for each combination that could occur, the last column varying fastest, so that sex×race has
 * 2 · 5 = 10 groups whether or not anybody is in them.
 * @throws {ConfigError} when no column is given or the product has more than 10,000 groups
 */
export function productOfGroups(columns: readonly GroupColumn[]): GroupColumn {
  const [first, ...rest] = columns;
  if (!first) throw new ConfigError('productOfGroups: needs at least one group column, got none.');
  return rest.reduce((product, column) => {
    const { length } = column.names;
    if (product.names.length * length > 10_000) {
      throw new ConfigError(
        `productOfGroups: ${product.name}×${column.name} has ${product.names.length * length} groups; at most 10000 can be judged, ` +
          'so leave a column out.',
      );
    }
    return {
      name: `${product.name}×${column.name}`,
      names: product.names.flatMap((outer) => column.names.map((inner) => `${outer}×${inner}`)),
      values: product.values.map((value, sample) => value * length + column.values[sample]!),
    };
  }, first);
}

/**
 * The column of this name; `sex×race` (also written `sex*race`) is the product of two.
 * @throws {ConfigError} naming the columns that there are
 */
export function groupNamed(groups: readonly GroupColumn[], name: string, dataset: string): GroupColumn {
  const whole = groups.find((column) => column.name === name);
  if (whole) return whole;
  const columns = name.split(/[×*]/).map((part) => {
    const found = groups.find((column) => column.name === part.trim());
    if (found) return found;
    const known = groups.map((column) => column.name).join(', ') || 'none';
    throw new ConfigError(
      `${dataset}: there is no group column ${JSON.stringify(part.trim())}; it has ${known}, and products such as a×b.`,
    );
  });
  return productOfGroups(columns);
}

/** Samples of each class in each group, shape [classes][groups], among `indices` if given. */
export function cellCounts(
  { labels, classes }: { readonly labels: Int32Array; readonly classes: number },
  { names, values }: GroupColumn,
  indices?: Int32Array,
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(names.length).fill(0));
  const count = (sample: number): void => {
    counts[labels[sample]!]![values[sample]!]! += 1;
  };
  if (indices) indices.forEach(count);
  else for (let sample = 0; sample < labels.length; sample++) count(sample);
  return counts;
}
