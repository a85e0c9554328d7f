import type { Html } from '../html.js';
import type { EpochPoint } from './content.js';
import { colorOf, figure, repeatsColor } from './figure.js';

const nameOf = ({ method, stage }: EpochPoint): string => (stage === 'train' ? method : `${method} ${stage}`);

/** Loss, and the balanced error that was watched, after each epoch. */
export async function trainingFigures(epochs: readonly EpochPoint[]): Promise<Html[]> {
  const names = [...new Set(epochs.map(nameOf))];
  const legend = names.map((name, i) => ({
    name,
    color: colorOf(i),
    mark: repeatsColor(i) ? ('dashed' as const) : ('line' as const),
  }));
  const curve = (
    id: string,
    title: string,
    label: string,
    value: (point: EpochPoint) => number | undefined,
    caption: string,
    log = false,
  ): Promise<Html> => {
    const rows = epochs.flatMap((point) => {
      const y = value(point);
      return y === undefined || !Number.isFinite(y) || (log && y <= 0)
        ? []
        : [{ name: nameOf(point), epoch: point.epoch, y, color: colorOf(names.indexOf(nameOf(point))) }];
    });
    const last = names.flatMap((name) => {
      const own = rows.filter((row) => row.name === name).at(-1);
      return own ? [`${name}: ${own.y.toPrecision(3)} after epoch ${own.epoch}.`] : [];
    });
    const longest = Math.max(0, ...rows.map(({ epoch }) => epoch));
    return figure(
      {
        id,
        title,
        description: last.join(' ') || 'There is nothing yet.',
        caption,
        legend,
        table: {
          columns: [{ name: 'epoch' }, ...names.map((name) => ({ name, decimals: 4 }))],
          rows: Array.from({ length: longest }, (_, i) => [
            i + 1,
            ...names.map((name) => rows.find((row) => row.name === name && row.epoch === i + 1)?.y ?? null),
          ]),
        },
      },
      (plot) => ({
        x: { label: 'epoch', ticks: Math.min(8, Math.max(1, longest)), tickFormat: 'd' },
        y: { label, grid: true, labelArrow: 'none', ...(log && { type: 'log' as const, ticks: 4, tickFormat: '~g' }) },
        marks: [
          ...[false, true].map((dashed) =>
            plot.line(
              rows.filter(({ name }) => repeatsColor(names.indexOf(name)) === dashed),
              {
                x: 'epoch',
                y: 'y',
                z: 'name',
                stroke: 'color',
                strokeWidth: 2,
                ...(dashed && { strokeDasharray: '6 4' }),
              },
            ),
          ),
          ...(longest <= 30 ? [plot.dot(rows, { x: 'epoch', y: 'y', fill: 'color', r: 2.5 })] : []),
        ],
      }),
    );
  };
  return Promise.all([
    curve(
      'curve-error',
      'Balanced error while training',
      'balanced error, %',
      ({ balancedError }) => balancedError,
      'On up to 2000 test samples, of the search on its validation split; only watched, nothing is chosen by it.',
    ),
    curve(
      'curve-loss',
      'Training loss',
      'loss',
      ({ trainLoss }) => trainLoss,
      'Each method under its own loss, so heights do not compare between methods.',
      true,
    ),
  ]);
}
