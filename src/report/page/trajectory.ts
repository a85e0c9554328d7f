import type { Html } from '../html.js';
import { byFrequency, type Classes, columnsOf, type HypergradientPoint, type Table } from './content.js';
import { colorOf, figure } from './figure.js';

/** More lines than that cannot be told apart; then the classes are averaged in thirds by frequency. */
const MOST_LINES = 10;

interface Line {
  readonly name: string;
  readonly values: readonly number[];
}

function linesOf(tables: readonly Table[], classes: Classes, groupNames: readonly string[]): Line[] {
  const order = byFrequency(classes);
  const columns = tables.map((table) => columnsOf(table, order.length));
  const groups = columns[0]?.length ?? 0;
  const suffix = (g: number): string => (groups === 1 ? '' : `, ${groupNames[g] ?? `group ${g}`}`);
  const cells =
    order.length * groups <= MOST_LINES
      ? order.map((k) => ({ name: `${classes.names[k]} (n = ${classes.counts[k]})`, members: [k] }))
      : (['frequent', 'middle', 'rare'] as const).map((name, third) => ({
          name: `${name} third`,
          members: order.slice(Math.floor((third * order.length) / 3), Math.floor(((third + 1) * order.length) / 3)),
        }));
  return cells
    .filter(({ members }) => members.length > 0)
    .flatMap(({ name, members }) =>
      Array.from({ length: groups }, (_, g) => ({
        name: name + suffix(g),
        values: columns.map((table) => members.reduce((sum, k) => sum + table[g]![k]!, 0) / members.length),
      })),
    );
}

/** How Δ, ι and the objective moved during the search. */
export function trajectoryFigures(
  points: readonly HypergradientPoint[],
  classes: Classes,
  groupNames: readonly string[] = [],
): Promise<Html[]> {
  const steps = points.map(({ step }) => step);
  const lines = (pick: (point: HypergradientPoint) => Table): Line[] => linesOf(points.map(pick), classes, groupNames);
  const caption = 'What is retrained under is the mean over the second half.';
  const weights = points.every(({ weight }) => weight) ? lines(({ weight }) => weight!) : [];
  const parts = [
    {
      id: 'objective',
      title: 'Validation objective',
      label: 'objective',
      lines: [{ name: 'objective', values: points.map(({ outer }) => outer) }],
      caption: 'Measured on the batches of each hypergradient, so it scatters.',
    },
    { id: 'delta', title: 'Δ during the search', label: 'Δ', lines: lines(({ delta }) => delta), caption },
    { id: 'iota', title: 'ι during the search', label: 'ι', lines: lines(({ iota }) => iota), caption },
    // Only a search that learns w moves it.
    ...(weights.some(({ values }) => values.some((value) => value !== values[0]))
      ? [{ id: 'weight', title: 'w during the search', label: 'w', lines: weights, caption }]
      : []),
  ];
  return Promise.all(parts.map((part) => trajectoryFigure(part, steps)));
}

function trajectoryFigure(
  {
    id,
    title,
    label,
    lines,
    caption,
  }: { id: string; title: string; label: string; lines: readonly Line[]; caption: string },
  steps: readonly number[],
): Promise<Html> {
  const rows = lines.flatMap(({ name, values }, i) =>
    values.map((value, at) => ({ name, step: steps[at]!, value, color: colorOf(i) })),
  );
  return figure(
    {
      id: `trajectory-${id}`,
      title,
      description: lines
        .map(({ name, values }) => `${name}: from ${values[0]?.toPrecision(3)} to ${values.at(-1)?.toPrecision(3)}.`)
        .join(' '),
      caption,
      legend: lines.length < 2 ? [] : lines.map(({ name }, i) => ({ name, color: colorOf(i), mark: 'line' })),
      table: {
        columns: [{ name: 'step' }, ...lines.map(({ name }) => ({ name, decimals: 4 }))],
        rows: steps.map((step, at) => [step, ...lines.map(({ values }) => values[at]!)]),
      },
    },
    (plot, { narrow }) => ({
      x: { label: 'step of the search', ticks: narrow ? 4 : 8 },
      y: { label, grid: true, labelArrow: 'none' },
      marks: [
        plot.line(
          rows.filter(({ value }) => Number.isFinite(value)),
          { x: 'step', y: 'value', z: 'name', stroke: 'color', strokeWidth: 1.8 },
        ),
      ],
    }),
  );
}
