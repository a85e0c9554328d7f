import { type Html, html } from '../html.js';
import type { DataTable } from '../table.js';
import { byFrequency, type Classes, chosenMethods, type Method } from './content.js';
import { colorOf, figure } from './figure.js';

/** Cells of more classes than that are too small for a number. */
const MOST_NUMBERS = 12;
const MOST_LABELS = 40;
/** Of more classes than that the numbers are those of the most frequent mistakes, not all K². */
const MOST_LISTED = 40;
const MISTAKES = 50;
/** What a cell must have to be drawn where there are too many for numbers: less is as pale as nothing. */
const LEAST_SHARE = 0.01;
const MOST_OPEN = 2;

/** Confusion matrices: of two methods at once, the others behind a click, or left out where they would be large; none where there are too many classes. */
export async function confusionFigures(methods: readonly Method[], classes: Classes): Promise<Html | undefined> {
  const having = methods.filter(({ evaluation }) => evaluation.confusion);
  if (having.length === 0) return undefined;
  const open = new Set(chosenMethods(having, MOST_OPEN).map(({ method }) => method));
  const drawn = classes.names.length > MOST_LISTED ? having.filter((method) => open.has(method)) : having;
  const figures = await Promise.all(
    drawn.map(async (method) => ({
      name: method.name,
      shown: open.has(method),
      markup: await matrixFigure(method, classes),
    })),
  );
  const rest = figures.filter(({ shown }) => !shown);
  return html`<div class="pair">${figures.filter(({ shown }) => shown).map(({ markup }) => markup)}</div>
${rest.length === 0 ? null : html`<details><summary>More: ${rest.map(({ name }) => name).join(', ')}</summary><div class="pair">${rest.map(({ markup }) => markup)}</div></details>`}`;
}

function matrixFigure({ name, evaluation }: Method, classes: Classes): Promise<Html> {
  const order = byFrequency(classes);
  const matrix = evaluation.confusion!;
  const sums = matrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  const cells = order.flatMap((y) =>
    order.map((k) => ({ y, k, share: sums[y] === 0 ? Number.NaN : matrix[y]![k]! / sums[y]! })),
  );
  const worst = cells
    .filter(({ y, k, share }) => y !== k && !Number.isNaN(share))
    .reduce((most, cell) => (cell.share > most.share ? cell : most), { y: -1, k: -1, share: -1 });
  const shortest = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  return figure(
    {
      id: `confusion-${name}`,
      title: `Confusion of ${name}`,
      description:
        worst.share < 0
          ? 'There is one class only.'
          : `The most frequent mistake: ${(100 * worst.share).toFixed(1)} % of ${classes.names[worst.y]} are taken for ${classes.names[worst.k]}.`,
      caption: 'Row: true class; column: predicted, both from the most frequent on. In percent of the row.',
      half: true,
      height: { wide: 400, narrow: 340 },
      table: order.length <= MOST_LISTED ? wholeTable(order, matrix, classes) : mistakesTable(cells, matrix, classes),
    },
    (plot, { narrow, width }) => {
      const labelled = order.length <= MOST_LABELS;
      const room = narrow ? 5 : 8;
      const tickFormat = (k: number): string => shortest(classes.names[k]!, room);
      const axis = {
        type: 'band' as const,
        domain: order,
        label: null,
        tickSize: 0,
        padding: order.length > 20 ? 0 : 0.04,
      };
      const longest = Math.max(...order.map((k) => Math.min(room, classes.names[k]!.length)));
      const upright = (longest + 1) * 7 > (width - 12 - 7 * longest) / order.length;
      return {
        marginTop: labelled ? (upright ? 16 + 5.5 * longest : 24) : 6,
        marginLeft: labelled ? 12 + 7 * longest : 6,
        marginBottom: 6,
        marginRight: 6,
        x: { ...axis, axis: labelled ? ('top' as const) : null, tickFormat, ...(upright && { tickRotate: -45 }) },
        y: { ...axis, axis: labelled ? ('left' as const) : null, tickFormat },
        opacity: { type: 'identity' },
        marks: [
          ...(order.length <= MOST_NUMBERS
            ? [
                plot.cell(cells, {
                  x: 'k',
                  y: 'y',
                  fill: colorOf(0),
                  fillOpacity: ({ share }: Share) => 0.06 + 0.94 * (share || 0),
                }),
              ]
            : [
                plot.frame({ fill: colorOf(0), fillOpacity: 0.06, stroke: null }),
                plot.cell(
                  cells.filter(({ share }) => share >= LEAST_SHARE),
                  { x: 'k', y: 'y', fill: colorOf(0), fillOpacity: 'share' },
                ),
              ]),
          ...(order.length <= MOST_NUMBERS
            ? [
                plot.text(
                  cells.filter(({ share }) => share >= 0.005),
                  {
                    x: 'k',
                    y: 'y',
                    text: ({ share }: Share) => (100 * share).toFixed(0),
                    fill: ({ share }: Share) => (share > 0.5 ? 'var(--paper)' : 'var(--ink)'),
                    fontSize: narrow ? 10 : 12,
                  },
                ),
              ]
            : []),
        ],
      };
    },
  );
}

interface Share {
  readonly y: number;
  readonly k: number;
  readonly share: number;
}

const wholeTable = (
  order: readonly number[],
  matrix: readonly (readonly number[])[],
  { names }: Classes,
): DataTable => ({
  columns: [{ name: 'true \\ predicted', text: true }, ...order.map((k) => ({ name: names[k]! }))],
  rows: order.map((y) => [names[y]!, ...order.map((k) => matrix[y]![k]!)]),
});

const mistakesTable = (
  cells: readonly Share[],
  matrix: readonly (readonly number[])[],
  { names }: Classes,
): DataTable => ({
  columns: [
    { name: 'true', text: true },
    { name: 'predicted', text: true },
    { name: 'samples' },
    { name: 'of the class, %', decimals: 1 },
  ],
  rows: cells
    .filter(({ y, k, share }) => y !== k && share > 0)
    .sort((a, b) => b.share - a.share)
    .slice(0, MISTAKES)
    .map(({ y, k, share }) => [names[y]!, names[k]!, matrix[y]![k]!, 100 * share]),
});
