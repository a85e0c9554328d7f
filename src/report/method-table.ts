import Table from 'cli-table3';
import { fixed } from './format.js';

export interface MethodRow {
  readonly name: string;
  /** In percent; `null` or NaN for a class without test samples. */
  readonly classError: readonly (number | null)[];
  readonly balancedError: number;
  readonly error: number;
  readonly seconds: number;
}

/** Method by method: balanced error, error over all samples and of the worst class in percent, and the time it took; the best marked. */
export function methodTable(methods: readonly MethodRow[]): string {
  const best = Math.min(...methods.map(({ balancedError }) => balancedError));
  const table = new Table({
    head: ['method', 'balanced', 'all samples', 'worst class', 'seconds'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, classError, balancedError, error, seconds } of methods) {
    const worst = Math.max(...classError.filter((value): value is number => Number.isFinite(value)));
    const mark = balancedError === best ? '* ' : '';
    table.push([name, `${mark}${fixed(balancedError, 2)}`, fixed(error, 2), fixed(worst, 2), fixed(seconds, 0)]);
  }
  return table.toString();
}
