import type * as Plot from '@observablehq/plot';
import { draw, type Library, showable, valueAxis } from './svg.js';

/** One line, or one cloud of dots. */
export interface Series {
  readonly name: string;
  readonly y: readonly number[];
  /** Default 0, 1, 2, … */
  readonly x?: readonly number[];
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Bars of one group share a colour; the legend names the groups. */
  readonly group?: string;
}

export interface ChartOptions {
  readonly title: string;
  /** Axis labels. */
  readonly x: string;
  readonly y: string;
  /** Whether the axis of the values is logarithmic; what is not positive cannot be shown on one and is left out. */
  readonly log?: boolean;
}

const SIZE = { width: 640, height: 400 } as const;
const FONT_SIZE = 13;
/** About the width of a character of that size. */
const CHARACTER = 7.5;
/** More points than this in a line are a curve, and dots on it a nuisance. */
const MOST_DOTS = 40;
/** Most characters of the name of a bar or line. */
const LONGEST_NAME = 34;

/** Beside a bar, in pixels. */
const ROOM_FOR_NUMBERS = 48;
const BLUE = '#4269d0';

/** Lines with a dot for each point, if there are few. A number that is not finite is a gap. Gives an SVG document of 640×400. */
export async function lineChart(series: readonly Series[], options: ChartOptions): Promise<string> {
  const log = options.log ?? false;
  const rows = series.flatMap(({ name, x, y }) =>
    y.map((value, i) => ({ name, x: x?.[i] ?? i, y: showable(value, log) })),
  );
  const frame = { ...options, legend: series.map(({ name }) => name) };
  const dots = rows.length <= MOST_DOTS * series.length ? rows : [];
  return draw((plot) => ({
    ...framed(frame),
    x: { label: options.x },
    y: {
      ...valueAxis(
        rows.map(({ y }) => y),
        log,
      ),
      label: null,
    },
    marks: [
      plot.line(rows, { x: 'x', y: 'y', stroke: 'name', z: 'name', strokeWidth: 2 }),
      plot.dot(dots, { x: 'x', y: 'y', fill: 'name', r: 3 }),
      ...decoration(plot, frame),
    ],
  }));
}

/** The area under a density, on a logarithmic axis six decades deep, where a lone eigenvalue among many thousands still shows. Gives an SVG document of 640×400. */
export async function densityChart(
  { grid, density }: { readonly grid: readonly number[]; readonly density: readonly number[] },
  options: ChartOptions,
): Promise<string> {
  const log = options.log ?? false;
  // What lies further below the peak is the tail of the smoothing.
  const floor = log ? 10 ** (Math.floor(Math.log10(Math.max(...density))) - 6) : 0;
  const rows = grid.map((x, i) => ({ x, y: Math.max(floor, density[i]!) }));
  const frame = { ...options, legend: [] };
  return draw((plot) => ({
    ...framed(frame),
    x: { label: options.x },
    y: {
      ...valueAxis(
        rows.map(({ y }) => y),
        log,
      ),
      label: null,
    },
    marks: [
      plot.areaY(rows, { x: 'x', y1: floor, y2: 'y', fill: BLUE, fillOpacity: 0.25 }),
      plot.lineY(rows, { x: 'x', y: 'y', stroke: BLUE, strokeWidth: 1.5 }),
      ...decoration(plot, frame),
    ],
  }));
}

/**
 * Horizontal bars in the order given, each with its value at its end; without a bar, a dash, if the value cannot be shown.
 * Gives an SVG document, 640 wide and as high as it takes, 400 at least.
 */
export async function barChart(bars: readonly Bar[], options: ChartOptions): Promise<string> {
  const log = options.log ?? false;
  // Names may repeat in different groups, so a bar is known by its place.
  const rows = bars.map(({ name, value, group }, at) => ({ at, name, group, value: showable(value, log) }));
  const names = bars.map(({ name }) => shortened(name));
  const shown = rows.filter(({ value }) => Number.isFinite(value));
  // A bar of no length would look like no value.
  const axis = valueAxis(
    shown.map(({ value }) => value),
    log,
    0.2,
  );
  const base = log ? axis.domain![0] : 0;
  const [below, above] = [shown.filter(({ value }) => value < base), shown.filter(({ value }) => value >= base)];
  const frame = {
    ...options,
    legend: [...new Set(bars.flatMap(({ group }) => (group === undefined ? [] : [group])))],
    marginLeft: 24 + CHARACTER * Math.max(4, ...names.map((name) => name.length)),
  };
  const place = { x: 'value', y: 'at', text: (row: { value: number }) => readable(row.value), fontSize: FONT_SIZE - 1 };
  return draw((plot) => ({
    ...framed(frame),
    height: Math.max(SIZE.height, 110 + 22 * bars.length),
    x: { ...axis, label: options.x, insetRight: ROOM_FOR_NUMBERS, insetLeft: below.length > 0 ? ROOM_FOR_NUMBERS : 0 },
    y: {
      type: 'band',
      label: null,
      domain: rows.map(({ at }) => at),
      tickFormat: (i: number) => names[i]!,
      tickSize: 0,
    },
    marks: [
      plot.barX(shown, { x1: base, x2: 'value', y: 'at', fill: frame.legend.length > 0 ? 'group' : BLUE, inset: 1 }),
      plot.ruleX([base], { stroke: '#888' }),
      plot.text(above, { ...place, textAnchor: 'start', dx: 4 }),
      plot.text(below, { ...place, textAnchor: 'end', dx: -4 }),
      plot.text(
        rows.filter(({ value }) => !Number.isFinite(value)),
        { x: () => base, y: 'at', text: () => '—', textAnchor: 'start', dx: 4 },
      ),
      ...decoration(plot, frame),
    ],
  }));
}

const legendWidth = (names: readonly string[]): number =>
  names.length < 2 ? 20 : 40 + CHARACTER * Math.max(...names.map((name) => shortened(name).length));

/** What every chart has: room for title and legend, type, and what the drawing is called to those who cannot see it. */
interface Frame extends ChartOptions {
  /** Of the lines or groups, in the order of their colours. */
  readonly legend: readonly string[];
  readonly marginLeft?: number;
}

const MARGIN_LEFT = 60;

const framed = ({ title, legend, marginLeft = MARGIN_LEFT }: Frame) => ({
  ...SIZE,
  ariaLabel: title,
  marginTop: 58,
  marginBottom: 44,
  marginLeft,
  marginRight: legendWidth(legend),
  style: { fontSize: `${FONT_SIZE}px`, fontFamily: 'system-ui, sans-serif', background: 'white', color: '#222' },
  color: { domain: [...legend] },
});

/** Title, label of the vertical axis and legend, as marks: what the library makes of them is HTML around the SVG, or in each other's way. */
function decoration(plot: Library, { title, y, legend, marginLeft = MARGIN_LEFT }: Frame): Plot.Markish[] {
  const corner = { frameAnchor: 'top-left', textAnchor: 'start', dx: 10 - marginLeft } as const;
  const headings = [
    plot.text([title], { ...corner, dy: -44, fontSize: FONT_SIZE + 2, fontWeight: 'bold' }),
    plot.text([y], { ...corner, dy: -20 }),
  ];
  if (legend.length < 2) return headings;
  const entries = legend.flatMap((name, i) => [
    plot.dot([name], { frameAnchor: 'top-right', fill: [name], r: 4, dx: 16, dy: 8 + 20 * i }),
    plot.text([shortened(name)], {
      frameAnchor: 'top-right',
      textAnchor: 'start',
      lineAnchor: 'middle',
      dx: 26,
      dy: 8 + 20 * i,
    }),
  ]);
  return [...headings, ...entries];
}

/** Three digits, as a person would write them. */
function readable(value: number): string {
  const size = Math.abs(value);
  const plain = value === 0 || (size >= 0.01 && size < 1e4);
  const text = plain ? String(Number(value.toPrecision(3))) : value.toExponential(1).replace('e+', 'e');
  return text.replace(/^-/, '−');
}

const shortened = (name: string): string =>
  name.length <= LONGEST_NAME ? name : `…${name.slice(name.length - LONGEST_NAME + 1)}`;
