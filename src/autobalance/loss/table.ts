import type { Value } from '../../ir/index.js';

/**
 * Numbers by class, or by class and group: [K], or K rows of G. One row of G is by group alone. The same layouts hold for tensors: rank 1 is
 * [K]; rank 2 is [K, G], or [1, G] by group alone.
 */
export type Table = readonly number[] | readonly (readonly number[])[];

export const isByGroup = (table: Table): table is readonly (readonly number[])[] => Array.isArray(table[0]);

/** All numbers, row by row. */
export const flatTable = (table: Table): readonly number[] => (isByGroup(table) ? table.flat() : table);

/** A table of the same layout. */
export const mapTable = (table: Table, change: (value: number) => number): Table =>
  isByGroup(table) ? table.map((row) => row.map(change)) : table.map(change);

/** Numbers by class: by group they are summed up. */
export const byClass = (table: Table): readonly number[] =>
  isByGroup(table) ? table.map((row) => row.reduce((total, value) => total + value, 0)) : table;

/** A column for each group, or the only one. */
export const columnsOf = (table: Table): readonly (readonly number[])[] =>
  isByGroup(table) ? table[0]!.map((_, g) => table.map((row) => row[g]!)) : [table];

/** The numbers of a tensor of rank 1 or 2. */
export function tableOf(value: Value): Table {
  const flat = Array.from(value.data());
  const [rows, columns] = value.shape;
  if (columns === undefined) return flat;
  return Array.from({ length: rows! }, (_, k) => flat.slice(k * columns, (k + 1) * columns));
}
