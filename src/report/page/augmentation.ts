import { truncate } from '../format.js';
import type { Html } from '../html.js';
import type { DataTable } from '../table.js';
import { byFrequency, type Classes, type Policies } from './content.js';
import { colorOf, figure } from './figure.js';

/** More rows than that are told by the table alone. */
const MOST_ROWS = 60;
const ROW = 30;

/** One policy and what it is called. */
interface Row {
  readonly name: string;
  readonly cell: number;
}

interface Chance {
  readonly row: Row;
  readonly operation: string;
  readonly probability: number;
  readonly magnitude: number;
}

/** Policies of classes from the most frequent to the rarest, of each by its groups. */
function rowsOf({ by, groups = [] }: Policies, classes: Classes): Row[] {
  const order = byFrequency(classes);
  switch (by) {
    case 'shared':
      return [{ name: 'all images', cell: 0 }];
    case 'class':
      return order.map((k) => ({ name: classes.names[k]!, cell: k }));
    case 'group':
      return groups.map((name, g) => ({ name, cell: g }));
    case 'class-group':
      return order.flatMap((k) =>
        groups.map((name, g) => ({ name: `${classes.names[k]}, ${name}`, cell: k * groups.length + g })),
      );
  }
}

/** A row for each policy, with the probability and the magnitude of each operation. */
export function policiesTable(policies: Policies, classes: Classes): DataTable {
  const { operations } = policies;
  return {
    columns: [
      { name: policies.by === 'group' ? 'group' : 'class', text: true },
      ...operations.flatMap(({ name, unit }) => [
        { name: `${name}, probability`, decimals: 3 },
        { name: `${name}, ${unit}`, decimals: 3 },
      ]),
    ],
    rows: rowsOf(policies, classes).map(({ name, cell }) => [
      name,
      ...operations.flatMap(({ probability, magnitude }) => [probability[cell]!, magnitude[cell]!]),
    ]),
  };
}

/** What each class, group or cell of both does to its images: how often each operation, as darkness, and how strongly, as a number. */
export function augmentationFigure(policies: Policies, classes: Classes): Promise<Html> {
  const { operations } = policies;
  const rows = rowsOf(policies, classes);
  const shown = rows.slice(0, MOST_ROWS);
  const chances: Chance[] = shown.flatMap((row) =>
    operations.map(({ name: operation, probability, magnitude }) => ({
      row,
      operation,
      probability: probability[row.cell]!,
      magnitude: magnitude[row.cell]!,
    })),
  );
  const most = chances.reduce((a, b) => (b.probability > a.probability ? b : a));
  const units = operations.map(({ name, unit }) => `${name}: ${unit}`).join('; ');
  const longest = Math.max(...shown.map(({ name }) => name.length));
  const height = 48 + ROW * shown.length;
  return figure(
    {
      id: 'learned-augmentation',
      title: 'Augmentation',
      description: `Most often done: ${most.operation} to ${most.row.name}, with probability ${most.probability.toFixed(2)} and magnitude ${most.magnitude.toPrecision(2)}.`,
      caption:
        `Darkness and the number above: how often an operation is done to a training image; below it: how strongly (${units}).` +
        `${rows.length > shown.length ? ` Drawn are the first ${shown.length} of ${rows.length}; the table has all.` : ''}`,
      table: policiesTable(policies, classes),
      height: { wide: height, narrow: height },
    },
    (plot, { narrow }) => {
      const room = narrow ? 7 : 24;
      return {
        marginTop: narrow ? 64 : 28,
        marginLeft: 12 + 7 * Math.min(room, longest),
        marginBottom: 6,
        marginRight: 6,
        x: {
          type: 'band',
          domain: operations.map(({ name }) => name),
          label: null,
          axis: 'top',
          tickSize: 0,
          padding: 0.04,
          ...(narrow && { tickRotate: -45 }),
        },
        y: {
          type: 'band',
          domain: shown,
          label: null,
          tickSize: 0,
          padding: 0.06,
          tickFormat: ({ name }: Row) => truncate(name, room),
        },
        marks: [
          plot.cell(chances, {
            x: 'operation',
            y: 'row',
            fill: colorOf(0),
            fillOpacity: ({ probability }: Chance) => 0.06 + 0.94 * probability,
          }),
          plot.text(chances, {
            x: 'operation',
            y: 'row',
            text: ({ probability, magnitude }: Chance) =>
              narrow ? probability.toFixed(1) : `${probability.toFixed(2)}\n${magnitude.toPrecision(2)}`,
            fill: ({ probability }: Chance) => (probability > 0.5 ? 'var(--paper)' : 'var(--ink)'),
            fontSize: narrow ? 9 : 10,
            lineHeight: 1.1,
          }),
        ],
        opacity: { type: 'identity' },
      };
    },
  );
}
