import type { Html } from '../html.js';
import { colorOf, figure, repeatsColor } from './figure.js';

/** One model: what it costs in balanced error, and how unequal its errors are; both in percent. */
export interface TradeOffPoint {
  /** Points of one name share a colour. */
  readonly name: string;
  /** What sets it apart from others of that name, such as λ or the seed. */
  readonly label?: string;
  readonly error: number;
  readonly gap: number;
}

/** Fairness against error: further to the lower left is better in both. */
export function tradeOffFigure(
  points: readonly TradeOffPoint[],
  {
    id = 'trade-off',
    gapName = 'DEO',
    joined = false,
  }: {
    readonly id?: string;
    readonly gapName?: string;
    /** Joins the points of each name in the order given: a curve over λ. */
    readonly joined?: boolean;
  } = {},
): Promise<Html> {
  const names = [...new Set(points.map(({ name }) => name))];
  const rows = points.map((point) => ({ ...point, color: colorOf(names.indexOf(point.name)) }));
  const best = points.filter(
    (p) => !points.some((q) => q.error <= p.error && q.gap <= p.gap && (q.error < p.error || q.gap < p.gap)),
  );
  return figure(
    {
      id,
      title: `Balanced error against ${gapName}`,
      description: `No other is better in both than: ${best.map(({ name, label }) => (label ? `${name} (${label})` : name)).join(', ')}.`,
      caption: 'Further to the lower left is better in both. Rings mark what nothing else beats in both.',
      legend: names.map((name, i) => ({ name, color: colorOf(i), mark: repeatsColor(i) ? 'ring' : 'dot' })),
      table: {
        columns: [
          { name: 'method', text: true },
          { name: 'setting', text: true },
          { name: 'balanced error, %', decimals: 2 },
          { name: `${gapName}, points`, decimals: 2 },
        ],
        rows: points.map(({ name, label, error, gap }) => [name, label ?? '', error, gap]),
      },
    },
    (plot) => ({
      x: { label: 'balanced error, %', nice: true, inset: 12 },
      y: { label: `${gapName}, percent points`, grid: true, nice: true, inset: 12, labelArrow: 'none' },
      marks: [
        ...(joined ? [plot.line(rows, { x: 'error', y: 'gap', z: 'name', stroke: 'color', strokeOpacity: 0.4 })] : []),
        plot.dot(
          rows.filter(({ name }) => !repeatsColor(names.indexOf(name))),
          { x: 'error', y: 'gap', fill: 'color', r: 5 },
        ),
        plot.dot(
          rows.filter(({ name }) => repeatsColor(names.indexOf(name))),
          { x: 'error', y: 'gap', stroke: 'color', strokeWidth: 2.5, r: 4.5 },
        ),
        plot.dot(best, { x: 'error', y: 'gap', stroke: 'var(--ink)', r: 8 }),
      ],
    }),
  );
}
