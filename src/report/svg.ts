import type * as Plot from '@observablehq/plot';

export type Library = typeof Plot;

/** Plot and a document for it are loaded on the first chart, so that nothing else depends on them. */
export async function draw(make: (plot: Library) => Plot.PlotOptions): Promise<string> {
  const [plot, { DOMParser }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  // A document of XML, for one of HTML leaves < and & in attributes as they are.
  const document: unknown = new DOMParser().parseFromString(
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'image/svg+xml',
  );
  const svg = plot.plot({ document: document as Document, ...make(plot) });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('role', 'img');
  return svg.outerHTML;
}

/** The number if an axis can show it, else NaN. */
export const showable = (value: number, log: boolean): number =>
  Number.isFinite(value) && (!log || value > 0) ? value : Number.NaN;

/**
 * The axis of the values. A logarithmic one spans whole decades, with a tick at each or at every few, the uppermost included.
 * @param below decades to leave at least below the smallest value
 */
export function valueAxis(
  values: readonly number[],
  log: boolean,
  below = 0,
): Plot.ScaleOptions & { domain?: [number, number] } {
  if (!log) return { grid: true };
  const logs = values.filter(Number.isFinite).map(Math.log10);
  const [low, high] =
    logs.length === 0 ? [0, 1] : [Math.floor(Math.min(...logs) - below), Math.ceil(Math.max(...logs))];
  const top = Math.max(high, low + 1);
  const stride = Math.ceil((top - low) / 8);
  const ticks = Array.from({ length: Math.floor((top - low) / stride) + 1 }, (_, i) => 10 ** (top - i * stride));
  return { type: 'log', grid: true, domain: [10 ** low, 10 ** top], ticks, tickFormat: powerOfTen };
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** `10⁻³`, or a plain number near 1. */
export function powerOfTen(value: number): string {
  const exponent = Math.round(Math.log10(value));
  if (exponent >= -1 && exponent <= 2) return String(10 ** exponent);
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]);
  return `10${exponent < 0 ? '⁻' : ''}${digits.join('')}`;
}
