import * as Plot from '@observablehq/plot';
import type { Method } from './messages.js';
import { classColour, type Hypergradient, type RunState } from './state.js';

type Chart = SVGSVGElement | HTMLElement;

const METHODS: readonly Method[] = ['cross-entropy', 'autobalance'];
const STYLE = { background: 'transparent', color: 'var(--ink)', fontSize: '12px', fontFamily: 'inherit' } as const;
/** Room below a chart for the numbers of its axis, and below them what they are. */
const FOOT = { marginBottom: 42 } as const;
const LABEL = 38;
/** Longest name of a class, in pixels. */
const NAMES = 62;

const percent = (value: number): string => `${value.toFixed(value < 9.95 ? 1 : 0)}`;

/** Two bars for each class: what cross-entropy gets wrong of it, and AutoBalance. */
export function classErrors({ classNames, classifiers }: RunState, width: number): Chart {
  const rows = METHODS.flatMap((method) =>
    (classifiers[method]?.classError ?? []).map((error, k) => ({ name: classNames[k]!, method, error })),
  );
  return Plot.plot({
    width,
    height: 44 + 38 * classNames.length,
    marginLeft: NAMES,
    marginRight: 34,
    marginTop: 4,
    ...FOOT,
    style: STYLE,
    ariaLabel: 'Error of each class under both methods, in percent',
    x: {
      domain: [0, Math.max(20, ...rows.map(({ error }) => error))],
      label: 'error, %',
      labelOffset: LABEL,
      grid: true,
      ticks: 5,
    },
    y: { domain: METHODS, axis: null, padding: 0.1 },
    fy: { domain: classNames, label: null, padding: 0.25 },
    color: { domain: METHODS, range: METHODS.map((method) => `var(--${method})`) },
    marks: [
      Plot.barX(rows, { x: 'error', y: 'method', fy: 'name', fill: 'method' }),
      Plot.text(rows, {
        x: 'error',
        y: 'method',
        fy: 'name',
        text: ({ error }) => percent(error),
        textAnchor: 'start',
        dx: 4,
        fill: 'currentColor',
      }),
      Plot.ruleX([0], { stroke: 'var(--muted)' }),
    ],
  });
}

/** One number of the loss for each class, against how many samples the class has. */
export function lossNumbers({ counts, hypergradients }: RunState, part: 'delta' | 'iota', width: number): Chart {
  const neutral = part === 'delta' ? 1 : 0;
  const values = hypergradients.at(-1)?.[part] ?? counts.map(() => neutral);
  const rows = counts.map((count, k) => ({ count, value: values[k]!, k }));
  const reach = Math.max(0.25, ...rows.map(({ value }) => Math.abs(value - neutral))) * 1.25;
  return Plot.plot({
    width,
    height: 220,
    marginLeft: 36,
    marginRight: 14,
    ...FOOT,
    style: STYLE,
    ariaLabel: `${part === 'delta' ? 'Δ' : 'ι'} of each class against its training samples`,
    x: {
      type: 'log',
      label: 'training samples',
      labelOffset: LABEL,
      reverse: true,
      inset: 8,
      // All of them would run into each other.
      ticks: counts.filter((_, k) => k === 0 || k === counts.length >> 1 || k === counts.length - 1),
      tickFormat: 'd',
    },
    y: {
      domain: [neutral - reach, neutral + reach],
      label: part === 'delta' ? 'Δ' : 'ι',
      labelAnchor: 'top',
      labelArrow: false,
      grid: true,
      ticks: 5,
    },
    marks: [
      Plot.ruleY([neutral], { stroke: 'var(--muted)', strokeDasharray: '4 3' }),
      Plot.line(rows, { x: 'count', y: 'value', stroke: 'var(--muted)' }),
      Plot.dot(rows, { x: 'count', y: 'value', r: 5, fill: ({ k }) => classColour(k) }),
    ],
  });
}

/** What became of a solve, in a word or two. */
const OUTCOMES: Readonly<Record<string, string>> = {
  converged: 'converged',
  truncated: 'stopped at its limit',
  'negative-curvature': 'met negative curvature',
  diverged: 'diverged, not used',
};

/** The relative residual of every hypergradient so far, and how its solve ended. */
export function residuals(hypergradients: readonly Hypergradient[], width: number): Chart {
  const rows = hypergradients.map(({ residual, status }, i) => ({
    update: i + 1,
    residual: Math.max(residual, 1e-8),
    outcome: OUTCOMES[status] ?? status,
  }));
  const shown = Object.values(OUTCOMES).filter((outcome) => rows.some((row) => row.outcome === outcome));
  const sizes = rows.map(({ residual }) => Math.log10(residual));
  const [low, high] = [Math.floor(Math.min(-1, ...sizes)), Math.ceil(Math.max(0, ...sizes))];
  const powers = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  return Plot.plot({
    width,
    height: 240,
    marginLeft: 48,
    ...FOOT,
    style: STYLE,
    ariaLabel: 'Relative residual of each hypergradient',
    x: { domain: [1, Math.max(20, rows.length)], label: 'hypergradient', labelOffset: LABEL },
    y: {
      type: 'log',
      domain: [10 ** low, 10 ** high],
      label: 'relative residual',
      grid: true,
      ticks: powers,
      tickFormat: '~g',
    },
    color: { domain: shown, range: shown.map((outcome) => OUTCOME_COLOURS[outcome]!), legend: shown.length > 0 },
    marks: [Plot.dot(rows, { x: 'update', y: 'residual', fill: 'outcome', r: 3 })],
  });
}

const OUTCOME_COLOURS: Readonly<Record<string, string>> = {
  [OUTCOMES.converged!]: 'var(--c2)',
  [OUTCOMES.truncated!]: 'var(--c0)',
  [OUTCOMES['negative-curvature']!]: 'var(--c1)',
  [OUTCOMES.diverged!]: 'var(--c3)',
};
