import Table from 'cli-table3';
import type { DatasetDescription, PartDescription } from '../data/describe.js';
import { fixed } from './format.js';

/** Classes that a table shows; of more, as many of the largest and of the smallest as fit. */
const SHOWN = 40;
/** Columns beside each other; more do not fit a terminal. */
const ACROSS = 10;

/** Columns right-aligned but the first, plain text. */
const plainTable = (head: readonly string[]): Table.Table =>
  new Table({
    head: [...head],
    colAligns: head.map((_, i) => (i === 0 ? ('left' as const) : ('right' as const))),
    style: { head: [], border: [], compact: true },
  });

/** The rows to show, largest class first if not all fit; `undefined` stands for those left out. */
function rowsOf(counts: readonly number[]): (number | undefined)[] {
  const all = counts.map((_, k) => k);
  if (counts.length <= SHOWN) return all;
  const sorted = all.sort((a, b) => counts[b]! - counts[a]! || a - b);
  return [...sorted.slice(0, SHOWN / 2), undefined, ...sorted.slice(-SHOWN / 2)];
}

/** Samples of each class in each part of the data set. */
function classesTable({ classNames, parts }: DatasetDescription): string {
  const table = plainTable(['class', ...parts.map(({ part }) => part), 'of largest']);
  const [{ classCounts: counts }] = parts as [PartDescription, ...PartDescription[]];
  const largest = Math.max(...counts);
  for (const k of rowsOf(counts)) {
    table.push(
      k === undefined
        ? [`… ${classNames.length - SHOWN} more`, ...parts.map(() => '…'), '…']
        : [classNames[k]!, ...parts.map((part) => part.classCounts[k]!), `${fixed((100 * counts[k]!) / largest, 1)} %`],
    );
  }
  table.push(['all', ...parts.map(({ samples }) => samples), '']);
  return table.toString();
}

/** Classes against the groups of one column, for one part; the side with more of them goes down the page. */
function cellsTable({ classNames }: DatasetDescription, part: PartDescription, column: number): string {
  const { name, names, counts, cells } = part.groups[column]!;
  if (Math.min(names.length, classNames.length) > ACROSS) return groupsTable(name, names, counts);
  const down = names.length > classNames.length;
  const [rows, across] = down ? [names, classNames] : [classNames, names];
  const [rowSums, columnSums] = down ? [counts, part.classCounts] : [part.classCounts, counts];
  const table = plainTable([down ? name : 'class', ...across, 'all']);
  for (const row of rowsOf(rowSums)) {
    table.push(
      row === undefined
        ? [`… ${rows.length - SHOWN} more`, ...across.map(() => '…'), '…']
        : [rows[row]!, ...across.map((_, i) => (down ? cells[i]![row]! : cells[row]![i]!)), rowSums[row]!],
    );
  }
  table.push(['all', ...columnSums, part.samples]);
  return table.toString();
}

/** Samples of each group alone, where classes and groups are too many for one table. */
function groupsTable(name: string, names: readonly string[], counts: readonly number[]): string {
  const table = plainTable([name, 'samples']);
  for (const group of rowsOf(counts)) {
    table.push(group === undefined ? [`… ${names.length - SHOWN} more`, '…'] : [names[group]!, counts[group]!]);
  }
  return table.toString();
}

/** A data set as people read it: counts by class, by group and by both, what is missing, and warnings. */
export function dataText(description: DatasetDescription): string {
  const { name, sample, classNames, parts, warnings } = description;
  const imbalances = parts.map(({ part, imbalance }) => `${part} ${fixed(imbalance, imbalance < 10 ? 2 : 1)}`);
  const lines = [
    `${name}: ${classNames.length} classes, ${sample}`,
    classesTable(description),
    `Imbalance, largest over smallest class: ${imbalances.join(', ')}.`,
  ];
  for (const part of parts) {
    part.groups.forEach((group, column) => {
      lines.push('', `${part.part}: classes by ${group.name}`, cellsTable(description, part, column));
    });
    if (part.missing.length > 0) {
      const missing = part.missing.map(
        ({ column, count }) => `${column} ${count} (${fixed((100 * count) / part.samples, 1)} %)`,
      );
      lines.push(`${part.part}: missing values: ${missing.join(', ')}.`);
    }
  }
  lines.push('', warnings.length === 0 ? 'No warnings.' : 'Warnings:', ...warnings.map((warning) => `- ${warning}`));
  return `${lines.join('\n')}\n`;
}
