import type { Calibration } from '../../metrics/index.js';
import { type Html, html } from '../html.js';
import { chosenMethods, type Method } from './content.js';
import { colorOf, figure, MUTED } from './figure.js';

const MOST_OPEN = 2;

/** Reliability diagrams before and after temperature scaling: of two methods at once, the others behind a click. */
export async function reliabilityFigures(methods: readonly Method[]): Promise<Html> {
  const open = new Set(chosenMethods(methods, MOST_OPEN).map(({ method }) => method));
  const figures = await Promise.all(
    methods.map(async (method) => ({
      name: method.name,
      shown: open.has(method),
      markup: await reliabilityFigure(method),
    })),
  );
  const rest = figures.filter(({ shown }) => !shown);
  return html`<div class="pair">${figures.filter(({ shown }) => shown).map(({ markup }) => markup)}</div>
${rest.length === 0 ? null : html`<details><summary>More: ${rest.map(({ name }) => name).join(', ')}</summary><div class="pair">${rest.map(({ markup }) => markup)}</div></details>`}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function reliabilityFigure({ name, evaluation }: Method): Promise<Html> {
  const { calibration, scaled } = evaluation;
  const temperature = scaled.temperatures.map((value) => value.toFixed(2)).join(' and ');
  const versions: readonly { name: string; calibration: Calibration; color: string; dash: string }[] = [
    { name: `as trained, ECE ${percent(calibration.expectedError)}`, calibration, color: colorOf(0), dash: 'none' },
    {
      name: `after temperature scaling, ECE ${percent(scaled.calibration.expectedError)}`,
      calibration: scaled.calibration,
      color: colorOf(1),
      dash: '6 4',
    },
  ];
  return figure(
    {
      id: `reliability-${name}`,
      title: `Calibration of ${name}`,
      description: `Expected calibration error ${percent(calibration.expectedError)} as trained, ${percent(scaled.calibration.expectedError)} after temperature scaling with T = ${temperature}.`,
      caption: `Below the dotted diagonal: too sure. T = ${temperature}, each fitted on one half of the test set and used on the other. Larger dots: more samples.`,
      legend: versions.map(({ name: label, color, dash }) => ({
        name: label,
        color,
        mark: dash === 'none' ? 'line' : 'dashed',
      })),
      half: true,
      height: { wide: 340, narrow: 300 },
      table: {
        columns: [
          { name: 'confidence', text: true },
          { name: 'samples' },
          { name: 'accuracy', decimals: 3 },
          { name: 'mean confidence', decimals: 3 },
          { name: 'samples, scaled' },
          { name: 'accuracy, scaled', decimals: 3 },
          { name: 'mean confidence, scaled', decimals: 3 },
        ],
        rows: calibration.bins.map((bin, i) => {
          const after = scaled.calibration.bins[i]!;
          return [
            `${bin.low.toFixed(2)}–${bin.high.toFixed(2)}`,
            bin.count,
            bin.accuracy,
            bin.confidence,
            after.count,
            after.accuracy,
            after.confidence,
          ];
        }),
      },
    },
    (plot) => ({
      x: { label: 'confidence', domain: [0, 1], ticks: 5 },
      y: { label: 'accuracy', domain: [0, 1], grid: true, ticks: 5, labelArrow: 'none' },
      r: { range: [2, 9] },
      marks: [
        plot.line([0, 1], { x: (v: number) => v, y: (v: number) => v, stroke: MUTED, strokeDasharray: '2 4' }),
        ...versions.flatMap(({ calibration: { bins }, color, dash }) => {
          const filled = bins.filter(({ count }) => count > 0);
          const place = { x: 'confidence', y: 'accuracy' };
          return [
            plot.line(filled, { ...place, stroke: color, strokeWidth: 2, strokeDasharray: dash }),
            plot.dot(filled, { ...place, r: 'count', fill: color, fillOpacity: 0.7 }),
          ];
        }),
      ],
    }),
  );
}
