import { truncate } from '../format.js';
import type { Html } from '../html.js';
import { type Classes, columnsOf, type LossTables, type Table } from './content.js';
import { colorOf, figure, type LegendEntry, MUTED } from './figure.js';

/** γ of the CDT curve: where Ye et al. 2020 find it best on CIFAR-10-LT. */
const CDT_GAMMA = 0.2;
/** More class labels than these would cover each other. */
const MOST_LABELS = 20;

interface Part {
  readonly id: 'delta' | 'iota' | 'weight';
  readonly symbol: string;
  readonly title: string;
  readonly caption: string;
  readonly values: Table;
  /** Curves of fixed losses, to compare with. */
  readonly curves: readonly { readonly name: string; readonly at: (count: number) => number; readonly color: string }[];
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The learned Δ, ι and w against the number of training samples, with what logit adjustment and CDT would have. */
export function learnedLossFigures(
  { delta, iota, weight }: LossTables,
  classes: Classes,
  groupNames: readonly string[] = [],
): Promise<Html[]> {
  const { counts } = classes;
  const present = counts.filter((count) => count > 0);
  const [total, most] = [present.reduce((sum, count) => sum + count, 0), Math.max(...present)];
  const logPrior = (count: number): number => Math.log(count / total);
  const center = mean(present.map(logPrior));
  const parts: Part[] = [
    {
      id: 'delta',
      symbol: 'Δ',
      title: 'Multiplicative adjustment Δ',
      caption: `What each class’s logit is multiplied by during training. Logit adjustment keeps Δ = 1; CDT has Δ = (n / n_max)^γ, drawn for γ = ${CDT_GAMMA}.`,
      values: delta,
      curves: [
        { name: 'logit adjustment', at: () => 1, color: colorOf(1) },
        { name: `CDT, γ = ${CDT_GAMMA}`, at: (count) => (count / most) ** CDT_GAMMA, color: colorOf(2) },
      ],
    },
    {
      id: 'iota',
      symbol: 'ι',
      title: 'Additive adjustment ι',
      caption:
        'What is added to each class’s logit during training. A constant added to all of them changes nothing, so the mean over the classes is taken off, here and from the curve of logit adjustment, log π.',
      values: centered(iota, counts.length),
      curves: [
        { name: 'logit adjustment', at: (count) => logPrior(count) - center, color: colorOf(1) },
        { name: 'CDT', at: () => 0, color: colorOf(2) },
      ],
    },
    {
      id: 'weight',
      symbol: 'w',
      title: 'Weight w',
      caption: 'How much a sample of each class counts; the dashed line is 1, which leaves all alike.',
      values: weight,
      curves: [{ name: 'unweighted', at: () => 1, color: colorOf(1) }],
    },
  ];
  const varies = columnsOf(weight, counts.length)
    .flat()
    .some((value) => value !== 1);
  return Promise.all(
    parts.filter(({ id }) => id !== 'weight' || varies).map((part) => partFigure(part, classes, groupNames)),
  );
}

function centered(iota: Table, classes: number): Table {
  const columns = columnsOf(iota, classes).map((column) => {
    const middle = mean(column);
    return column.map((value) => value - middle);
  });
  return Array.from({ length: classes }, (_, k) => columns.map((column) => column[k]!));
}

/** 1, 2, 5, 10, … (or 1, 10, …) within the range. */
function roundBetween(low: number, high: number, sparse: boolean): number[] {
  const decades = Array.from({ length: 12 }, (_, i) => 10 ** i);
  const all = decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]).filter((v) => v >= low && v <= high);
  const tens = all.filter((value) => decades.includes(value));
  return sparse && tens.length > 1 ? tens : all;
}

function partFigure(
  { id, symbol, title, caption, values, curves }: Part,
  { names, counts }: Classes,
  groupNames: readonly string[],
): Promise<Html> {
  const columns = columnsOf(values, counts.length);
  const nameOf = (g: number): string => (columns.length === 1 ? 'learned' : (groupNames[g] ?? `group ${g}`));
  // Learned values by group take the colours that the curves leave.
  const colorOfGroup = (g: number): string => colorOf(g === 0 ? 0 : g + 2);
  const points = columns.flatMap((column, g) =>
    column.map((value, k) => ({ k, count: counts[k]!, value, color: colorOfGroup(g) })),
  );
  const shown = points.filter(({ count }) => count > 0);
  const [least, most] = [Math.min(...shown.map(({ count }) => count)), Math.max(...shown.map(({ count }) => count))];
  const along = Array.from({ length: 60 }, (_, i) => least * (most / least) ** (i / 59));
  const legend: LegendEntry[] = [
    ...columns.map((_, g) => ({ name: nameOf(g), color: colorOfGroup(g) })),
    ...curves.map(({ name, color }) => ({ name, color, mark: 'dashed' as const })),
  ];
  // One label for each class, above its highest point.
  const labels = counts.flatMap((_, k) => {
    const own = shown.filter((point) => point.k === k);
    return own.length === 0 ? [] : [own.reduce((top, point) => (point.value > top.value ? point : top))];
  });
  const order = counts.map((_, k) => k).sort((a, b) => counts[b]! - counts[a]!);
  const [frequent, rare] = [order[0]!, order.at(-1)!];
  const first = columns[0]!;
  return figure(
    {
      id: `learned-${id}`,
      title,
      description: `${symbol} is ${first[frequent]!.toFixed(3)} for the most frequent class (${names[frequent]}, ${counts[frequent]} samples) and ${first[rare]!.toFixed(3)} for the rarest (${names[rare]}, ${counts[rare]} samples).`,
      caption,
      legend,
      table: {
        columns: [
          { name: 'class', text: true },
          { name: 'training samples' },
          ...columns.map((_, g) => ({ name: columns.length === 1 ? symbol : `${symbol}, ${nameOf(g)}`, decimals: 4 })),
          ...curves.map(({ name }) => ({ name, decimals: 4 })),
        ],
        rows: order.map((k) => [
          names[k]!,
          counts[k]!,
          ...columns.map((column) => column[k]!),
          ...curves.map(({ at }) => (counts[k]! > 0 ? at(counts[k]!) : null)),
        ]),
      },
    },
    (plot, { narrow }) => ({
      x: {
        type: 'log',
        label: 'training samples of the class',
        ticks: roundBetween(least, most, narrow),
        tickFormat: '~s',
        inset: 24,
      },
      y: { label: symbol, grid: true, insetTop: 16, insetBottom: 4, labelArrow: 'none' },
      marks: [
        ...curves.map(({ at, color }) =>
          plot.line(along, {
            x: (count: number) => count,
            y: at,
            stroke: color,
            strokeWidth: 2,
            strokeDasharray: '6 4',
          }),
        ),
        plot.dot(shown, { x: 'count', y: 'value', fill: 'color', r: 4.5, stroke: 'var(--paper)' }),
        ...(counts.length <= MOST_LABELS
          ? [
              plot.text(labels, {
                x: 'count',
                y: 'value',
                text: ({ k }: { k: number }) => truncate(names[k]!, 10),
                dy: -12,
                fill: MUTED,
                stroke: 'var(--paper)',
                strokeWidth: 4,
                fontSize: 11,
              }),
            ]
          : []),
      ],
    }),
  );
}
