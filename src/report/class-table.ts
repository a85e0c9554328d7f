import Table from 'cli-table3';
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
  readonly learned?: { readonly delta: readonly number[]; readonly iota: readonly number[] };
}

/** A long name broken at its first hyphen, so that three methods fit into 80 columns. */
const twoLines = (name: string): string => name.replace('-', '-\n');

/** Class by class: training samples, the error of each method in percent, the learned Δ and ι; last the balanced errors. */
export function classTable({ counts, methods, learned }: ClassTableContent): string {
  const table = new Table({
    head: ['class', 'samples', ...methods.map(({ name }) => twoLines(name)), ...(learned ? ['Δ', 'ι'] : [])],
    colAligns: Array.from({ length: 2 + methods.length + (learned ? 2 : 0) }, () => 'right' as const),
    // Plain text: the same in a terminal, a file and a test.
    style: { head: [], border: [], compact: true },
  });
  counts.forEach((count, k) => {
    table.push([
      k,
      count,
      ...methods.map(({ classError }) => fixed(classError[k], 2)),
      ...(learned ? [fixed(learned.delta[k], 3), fixed(learned.iota[k], 3)] : []),
    ]);
  });
  if (methods.length > 0) {
    table.push([
      'balanced',
      counts.reduce((total, count) => total + count, 0),
      ...methods.map(({ balancedError }) => fixed(balancedError, 2)),
      ...(learned ? ['', ''] : []),
    ]);
  }
  return table.toString();
}
