import { type Html, html } from '../html.js';
import { byFrequency, type Classes, chosenMethods, type Method } from './content.js';
import { colorOf, figure } from './figure.js';

/** Cells of more classes than that are too small for a number. */
const MOST_NUMBERS = 12;
const MOST_LABELS = 40;
const MOST_OPEN = 2;

/** Confusion matrices: of two methods at once, the others behind a click; none where there are too many classes. */
export async function confusionFigures(methods: readonly Method[], classes: Classes): Promise<Html | undefined> {
  const having = methods.filter(({ evaluation }) => evaluation.confusion);
  if (having.length === 0) return undefined;
  const open = new Set(chosenMethods(having, MOST_OPEN).map(({ method }) => method));
  const figures = await Promise.all(
    having.map(async (method) => ({
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
      table: {
        columns: [{ name: 'true \\ predicted', text: true }, ...order.map((k) => ({ name: classes.names[k]! }))],
        rows: order.map((y) => [classes.names[y]!, ...order.map((k) => matrix[y]![k]!)]),
      },
    },
    (plot, { narrow }) => {
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
      return {
        marginTop: labelled ? (longest > 3 ? 16 + 5.5 * longest : 24) : 6,
        marginLeft: labelled ? 12 + 7 * longest : 6,
        marginBottom: 6,
        marginRight: 6,
        x: { ...axis, axis: labelled ? ('top' as const) : null, tickFormat, ...(longest > 3 && { tickRotate: -45 }) },
        y: { ...axis, axis: labelled ? ('left' as const) : null, tickFormat },
        opacity: { type: 'identity' },
        marks: [
          plot.cell(cells, {
            x: 'k',
            y: 'y',
            fill: colorOf(0),
            fillOpacity: ({ share }: { share: number }) => 0.06 + 0.94 * (share || 0),
          }),
          ...(order.length <= MOST_NUMBERS
            ? [
                plot.text(
                  cells.filter(({ share }) => share >= 0.005),
                  {
                    x: 'k',
                    y: 'y',
                    text: ({ share }: { share: number }) => (100 * share).toFixed(0),
                    fill: ({ share }: { share: number }) => (share > 0.5 ? 'var(--paper)' : 'var(--ink)'),
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
