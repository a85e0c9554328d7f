import { decimalsOf, FIGURES, type ScenarioComparison } from '../comparison.js';
import type { Html } from '../html.js';
import { colorOf, figure, MUTED } from './figure.js';

const ROW = 30;

/** Every seed of every method, with the mean. */
export function valuesFigure({ figure: name, methods }: ScenarioComparison, id: string): Promise<Html> {
  const decimals = decimalsOf(name);
  const points = methods.flatMap(({ method, values, seeds }) =>
    values.map((value, i) => ({ method, value, seed: seeds[i]! })),
  );
  const all = [...new Set(points.map(({ seed }) => seed))].sort((a, b) => a - b);
  const shown = methods.filter(({ values }) => values.length > 0);
  const best = shown.reduce<(typeof shown)[number] | undefined>(
    (least, method) => (least === undefined || method.mean < least.mean ? method : least),
    undefined,
  );
  const longest = Math.max(0, ...methods.map(({ method }) => method.length));
  const height = 56 + ROW * methods.length;
  return figure(
    {
      id: `values-${id}`,
      title: 'Every seed',
      description: best
        ? `The lowest mean is ${best.mean.toFixed(decimals)}, of ${best.method}.`
        : 'There is nothing yet.',
      caption: 'Dots: one training each; bars: the mean.',
      table: {
        columns: [{ name: 'method', text: true }, ...all.map((seed) => ({ name: `seed ${seed}`, decimals }))],
        rows: methods.map(({ method }) => [
          method,
          ...all.map((seed) => points.find((point) => point.method === method && point.seed === seed)?.value ?? null),
        ]),
      },
      height: { wide: height, narrow: height },
    },
    (plot, { narrow }) => ({
      marginLeft: Math.min(narrow ? 120 : 220, 16 + 7.2 * longest),
      marginTop: 36,
      marginBottom: 8,
      x: { label: FIGURES[name], axis: 'top', grid: true, inset: 12, nice: true },
      y: {
        type: 'band',
        label: null,
        domain: methods.map(({ method }) => method),
        tickSize: 0,
        tickFormat: (method: string) => (narrow && method.length > 15 ? `${method.slice(0, 14)}…` : method),
      },
      marks: [
        plot.dot(points, { y: 'method', x: 'value', fill: MUTED, r: 4, fillOpacity: 0.6 }),
        plot.tickX(shown, { y: 'method', x: 'mean', stroke: colorOf(0), strokeWidth: 3, inset: 3 }),
      ],
    }),
  );
}
