import { tally } from '../format.js';
import type { Html } from '../html.js';
import { powerOfTen, showable, valueAxis } from '../svg.js';
import type { HypergradientPoint } from './content.js';
import { colorOf, figure } from './figure.js';

const STATUSES = ['converged', 'truncated', 'negative-curvature', 'diverged'];
const COLOR_OF_STATUS: readonly string[] = [2, 0, 6, 3].map(colorOf);

/** Norm, residual and status of every hypergradient, and the curvature it met. */
export function hypergradientFigures(points: readonly HypergradientPoint[]): Promise<Html[]> {
  const met = [...new Set([...STATUSES, ...points.map(({ status }) => status)])].filter((name) =>
    points.some(({ status }) => status === name),
  );
  const colorOfStatus = (status: string): string => COLOR_OF_STATUS[STATUSES.indexOf(status)] ?? colorOf(8);
  const legend = met.map((name) => ({ name, color: colorOfStatus(name) }));
  const summary = `${points.length} hypergradients: ${tally(points.map(({ status }) => status))}.`;
  const part = (
    id: string,
    title: string,
    label: string,
    value: (point: HypergradientPoint) => number,
    caption: string,
  ): Promise<Html> => {
    const rows = points.map((point) => ({
      step: point.step,
      value: showable(value(point), true),
      status: point.status,
    }));
    const shown = rows.filter((row) => !Number.isNaN(row.value));
    return figure(
      {
        id,
        title,
        description: `${summary} ${shown.length === 0 ? '' : `Last: ${shown.at(-1)!.value.toPrecision(3)}.`}`,
        caption,
        legend,
        table: {
          columns: [{ name: 'step' }, { name: label }, { name: 'status', text: true }],
          rows: points.map((point) => [point.step, Number(value(point).toPrecision(4)), point.status]),
        },
        height: { wide: 300, narrow: 260 },
      },
      (plot, { narrow }) => ({
        x: { label: 'step of the search', ticks: narrow ? 4 : 8 },
        y: {
          ...valueAxis(
            shown.map((row) => row.value),
            true,
          ),
          label,
          labelArrow: 'none',
          tickFormat: powerOfTen,
        },
        marks: [
          plot.line(shown, { x: 'step', y: 'value', stroke: 'var(--muted)', strokeOpacity: 0.5, strokeWidth: 1 }),
          plot.dot(shown, {
            x: 'step',
            y: 'value',
            fill: ({ status }: { status: string }) => colorOfStatus(status),
            r: 3,
          }),
        ],
      }),
    );
  };
  return Promise.all([
    part(
      'hypergradient-norm',
      'Norm of the hypergradient',
      '‖dL/dα‖',
      ({ norm }) => norm,
      'Colour: how the solver ended. A diverged one does not move α.',
    ),
    part(
      'hypergradient-residual',
      'Residual of the solver',
      '‖b − Hq‖ / ‖b‖',
      ({ residual }) => residual,
      'What the last step left of the linear system, relative; truncated means that the steps were spent before the tolerance was met.',
    ),
    part(
      'hypergradient-curvature',
      'Largest eigenvalue of the Hessian',
      'λ_max',
      ({ largestEigenvalue }) => largestEigenvalue ?? Number.NaN,
      'Estimated by Lanczos’ method; step size and damping of the solver follow it.',
    ),
  ]);
}
