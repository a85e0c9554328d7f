import { comparisonTable, decimalsOf, FIGURES, type ScenarioComparison } from '../comparison.js';
import type { Html } from '../html.js';
import { colorOf, figure, MUTED } from './figure.js';

const ROW = 34;

/** Reference − method in every seed, their mean and Student's interval. */
export function differencesFigure(comparison: ScenarioComparison, id: string): Promise<Html> {
  const { reference, figure: name, methods } = comparison;
  const rows = methods.flatMap(({ method, against }) => (against ? [{ method, against }] : []));
  const decimals = decimalsOf(name);
  const points = rows.flatMap(({ method, against }) => against.differences.map((value) => ({ method, value })));
  const longest = Math.max(0, ...rows.map(({ method }) => method.length));
  const height = 56 + ROW * rows.length;
  return figure(
    {
      id: `differences-${id}`,
      title: `${reference} against the others, pair by pair`,
      description: rows
        .map(
          ({ method, against }) =>
            `${method}: ${against.mean.toFixed(decimals)} on average, ${reference} lower in ${against.below} of ${against.pairs} seeds.`,
        )
        .join(' '),
      caption: `Left of the line ${reference} has the lower ${FIGURES[name]}. Small dots: one seed each; bars: Student’s 95 % interval of the mean, not corrected for the number of comparisons.`,
      table: comparisonTable(comparison),
      height: { wide: height, narrow: height },
    },
    (plot, { narrow }) => ({
      marginLeft: Math.min(narrow ? 120 : 220, 16 + 7.2 * longest),
      marginTop: 36,
      marginBottom: 8,
      x: { label: `difference in ${FIGURES[name]}`, axis: 'top', grid: true, inset: 12, nice: true },
      y: {
        type: 'band',
        label: null,
        domain: rows.map(({ method }) => method),
        tickSize: 0,
        tickFormat: (method: string) => (narrow && method.length > 15 ? `${method.slice(0, 14)}…` : method),
      },
      marks: [
        plot.ruleX([0], { stroke: 'var(--ink)', strokeOpacity: 0.6 }),
        plot.ruleY(
          rows.filter(({ against }) => Number.isFinite(against.student[0])),
          {
            y: 'method',
            x1: ({ against }: (typeof rows)[number]) => against.student[0],
            x2: ({ against }: (typeof rows)[number]) => against.student[1],
            stroke: colorOf(0),
            strokeWidth: 3,
          },
        ),
        plot.dot(points, { y: 'method', x: 'value', fill: MUTED, r: 2.5, dy: 9 }),
        plot.dot(rows, {
          y: 'method',
          x: ({ against }: (typeof rows)[number]) => against.mean,
          fill: colorOf(0),
          r: 5,
        }),
      ],
    }),
  );
}
