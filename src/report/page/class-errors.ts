import type { Html } from '../html.js';
import { byFrequency, type Classes, chosenMethods, type Method } from './content.js';
import { colorOf, figure } from './figure.js';

/** Rows of more classes than that are a page of their own; then the errors are averaged along the frequency. */
const MOST_ROWS = 40;
const MOST_METHODS = 4;
const ROW = 30;

/** Error of each class, from the most frequent to the rarest, with each method's 95 % interval. */
export function classErrorsFigure(methods: readonly Method[], classes: Classes): Promise<Html> {
  const chosen = chosenMethods(methods, MOST_METHODS);
  const order = byFrequency(classes);
  const legend = chosen.map(({ method, place }) => ({ name: method.name, color: colorOf(place) }));
  const table = {
    columns: [
      { name: 'class', text: true },
      { name: 'training samples' },
      { name: 'test samples' },
      ...methods.map(({ name }) => ({ name, decimals: 2 })),
    ],
    rows: order.map((k) => [
      classes.names[k]!,
      classes.counts[k]!,
      methods[0]!.evaluation.classCounts[k]!,
      ...methods.map(({ evaluation }) => evaluation.classError[k]!),
    ]),
  };
  const common = { id: 'class-errors', title: 'Test error by class', legend, table };
  const few = methods[0]!.evaluation.tooFew.map((k) => classes.names[k]!);
  const doubt =
    few.length === 0
      ? ''
      : ` Too few test samples to judge (the interval reaches further than 10 points): ${few.length > 8 ? `${few.length} classes` : few.join(', ')}.`;
  const rare = order.slice(Math.floor(order.length / 2));
  const description = chosen
    .map(({ method }) => {
      const own = rare.map((k) => method.evaluation.classError[k]!).filter((error) => !Number.isNaN(error));
      const mean = own.reduce((sum, error) => sum + error, 0) / own.length;
      return `${method.name}: ${mean.toFixed(1)} % over the rarer half of the classes, balanced ${method.evaluation.balancedError.toFixed(1)} %.`;
    })
    .join(' ');
  return order.length <= MOST_ROWS
    ? rowsFigure({ ...common, description }, chosen, classes, order, doubt)
    : averagedFigure({ ...common, description }, chosen, order, doubt);
}

type Common = Omit<Parameters<typeof figure>[0], 'caption' | 'height'>;
type Chosen = ReturnType<typeof chosenMethods>;

function rowsFigure(
  common: Common,
  chosen: Chosen,
  { names, counts }: Classes,
  order: readonly number[],
  doubt: string,
): Promise<Html> {
  const rows = chosen.flatMap(({ method, place }, at) =>
    order.map((k) => {
      const [low, high] = method.evaluation.classInterval[k]!;
      return { k, error: method.evaluation.classError[k]!, low, high, color: colorOf(place), at };
    }),
  );
  const height = 44 + ROW * order.length;
  const longest = Math.max(...names.map((name) => name.length));
  return figure(
    {
      ...common,
      caption: `Most frequent class on top. Lines are Wilson’s 95 % intervals.${doubt}`,
      height: { wide: height, narrow: height },
    },
    (plot, { narrow }) => {
      const most = narrow ? 12 : 24;
      const shift = (at: number): number => (at - (chosen.length - 1) / 2) * 6;
      return {
        marginLeft: 16 + 7.2 * Math.min(most, longest + String(counts[order[0]!]).length + 3),
        marginTop: 36,
        marginBottom: 8,
        x: { label: 'error, %', grid: true, axis: 'top', domain: [0, Math.max(10, ...rows.map(({ high }) => high))] },
        y: {
          type: 'band',
          label: null,
          domain: order,
          tickSize: 0,
          tickFormat: (k: number) => {
            const name = names[k]!;
            const room = most - String(counts[k]).length - 3;
            return `${name.length > room ? `${name.slice(0, room - 1)}…` : name} · ${counts[k]}`;
          },
        },
        marks: [
          plot.ruleY(order, { y: (k: number) => k, strokeOpacity: 0.06 }),
          ...chosen.flatMap((_, at) => {
            const own = rows.filter((row) => row.at === at && !Number.isNaN(row.error));
            const dy = shift(at);
            return [
              plot.ruleY(own, {
                y: 'k',
                x1: 'low',
                x2: 'high',
                stroke: 'color',
                strokeWidth: 2,
                strokeOpacity: 0.45,
                dy,
              }),
              plot.dot(own, { y: 'k', x: 'error', fill: 'color', r: 4, dy }),
            ];
          }),
        ],
      };
    },
  );
}

/** Means over neighbours in frequency. */
function averagedFigure(common: Common, chosen: Chosen, order: readonly number[], doubt: string): Promise<Html> {
  const reach = Math.max(1, Math.round(order.length / 40));
  const smooth = (errors: readonly number[]): number[] =>
    order.map((_, at) => {
      const near = order
        .slice(Math.max(0, at - reach), at + reach + 1)
        .map((k) => errors[k]!)
        .filter((error) => !Number.isNaN(error));
      return near.reduce((sum, error) => sum + error, 0) / near.length;
    });
  return figure(
    {
      ...common,
      caption: `Classes from the most frequent to the rarest; each line a mean over ${2 * reach + 1} neighbours.${doubt}`,
    },
    (plot) => ({
      x: { label: 'rank of the class by frequency' },
      y: { label: 'error, %', grid: true, labelArrow: 'none' },
      marks: chosen.map(({ method, place }) =>
        plot.lineY(smooth(method.evaluation.classError), {
          x: (_: number, rank: number) => rank + 1,
          stroke: colorOf(place),
          strokeWidth: 2,
        }),
      ),
    }),
  );
}
