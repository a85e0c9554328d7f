import Table from 'cli-table3';
import { columnsOf, type Table as LossTable } from '../autobalance/index.js';
import { fixed } from './format.js';

export interface ClassTableMethod {
  readonly name: string;
  /** In percent; `null` or NaN for a class without test samples. */
  readonly classError: readonly (number | null)[];
  readonly balancedError: number;
}

export interface ClassTableContent {
  /** Training samples of each class. */
  readonly counts: readonly number[];
  readonly methods: readonly ClassTableMethod[];
  /** The learned loss, if there is one. */
  readonly learned?: { readonly delta: LossTable; readonly iota: LossTable; readonly weight?: LossTable };
}

/** A long name broken at its first hyphen, so that three methods fit into 80 columns. */
const twoLines = (name: string): string => name.replace('-', '-\n');

/** A column of the learned loss. */
interface Column {
  readonly head: string;
  readonly values: readonly number[];
}

/** Δ, ι, and w if it is not 1 throughout; of a table by group a column for each. */
function lossColumns({ delta, iota, weight }: NonNullable<ClassTableContent['learned']>, classes: number): Column[] {
  const shown = (head: string, table: LossTable): Column[] =>
    columnsOf(table).map((values, group, all) => ({
      head: all.length > 1 ? `${head}\ngroup ${group}` : head,
      values: values.length === 1 ? new Array<number>(classes).fill(values[0]!) : values,
    }));
  const weights = weight ? shown('w', weight) : [];
  const learned = weights.some(({ values }) => values.some((value) => value !== 1));
  return [...shown('Δ', delta), ...shown('ι', iota), ...(learned ? weights : [])];
}

/** Class by class: training samples, the error of each method in percent, the learned loss; last the balanced errors. */
export function classTable({ counts, methods, learned }: ClassTableContent): string {
  const columns = learned ? lossColumns(learned, counts.length) : [];
  const table = new Table({
    head: ['class', 'samples', ...methods.map(({ name }) => twoLines(name)), ...columns.map(({ head }) => head)],
    colAligns: Array.from({ length: 2 + methods.length + columns.length }, () => 'right' as const),
    // Plain text: the same in a terminal, a file and a test.
    style: { head: [], border: [], compact: true },
  });
  counts.forEach((count, k) => {
    table.push([
      k,
      count,
      ...methods.map(({ classError }) => fixed(classError[k], 2)),
      ...columns.map(({ values }) => fixed(values[k], 3)),
    ]);
  });
  if (methods.length > 0) {
    table.push([
      'balanced',
      counts.reduce((total, count) => total + count, 0),
      ...methods.map(({ balancedError }) => fixed(balancedError, 2)),
      ...columns.map(() => ''),
    ]);
  }
  return table.toString();
}
