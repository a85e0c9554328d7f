import type { Evaluation } from '../metrics/index.js';
import { cellsTable, errorsTable } from '../report/page/results.js';
import { textTable } from '../report/table.js';

type Evaluations = Readonly<Record<string, Evaluation>>;

const methodsOf = (evaluations: Evaluations) =>
  Object.entries(evaluations).map(([name, evaluation]) => ({ name, evaluation }));

/** The error of every cell of class and group. Empty where there is but one group. */
export function cellsText(evaluations: Evaluations, classNames: readonly string[]): string {
  const table = cellsTable(methodsOf(evaluations), classNames);
  return table ? `\nError by class and group in percent\n${textTable(table)}\n` : '';
}

/** How methods treat groups: the gaps, then every cell. Empty where there is but one group. */
export function groupText(evaluations: Evaluations, classNames: readonly string[]): string {
  const cells = cellsText(evaluations, classNames);
  if (cells === '') return '';
  const errors = textTable(errorsTable(methodsOf(evaluations)));
  return `\nErrors and gaps between groups in percent, 95 % intervals by bootstrap\n${errors}\n${cells}`;
}
