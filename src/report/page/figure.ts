import type * as Plot from '@observablehq/plot';
import { escaped, Html, html } from '../html.js';
import { draw, type Library } from '../svg.js';
import { type DataTable, htmlTable } from '../table.js';

/** What a colour, and a kind of mark, stands for. */
export interface LegendEntry {
  readonly name: string;
  readonly color: string;
  readonly mark?: 'dot' | 'line' | 'dashed' | 'ring';
}

export interface FigureOptions {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What is drawn, for those who cannot see it; says the finding, not the colours. */
  readonly description: string;
  /** How to read it; below the chart. */
  readonly caption?: string;
  readonly legend?: readonly LegendEntry[];
  /** The numbers behind it. */
  readonly table: DataTable;
  readonly height?: { readonly wide: number; readonly narrow: number };
  /** Half as wide, to stand beside another one. */
  readonly half?: boolean;
}

/** For screens, and for phones: there a chart made smaller would be too small to read. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
  readonly narrow: boolean;
}

/** Custom properties that the page defines for light and for dark. */
export const COLORS = Array.from({ length: 10 }, (_, i) => `var(--c${i + 1})`);
export const colorOf = (i: number): string => COLORS[i % COLORS.length]!;
/** Whether the i-th of many has a colour that another has too, and must be told apart by its stroke. */
export const repeatsColor = (i: number): boolean => i >= COLORS.length;
export const MUTED = 'var(--muted)';

const [WIDE, HALF, NARROW] = [760, 400, 340];

/** A chart in two sizes, of which the page shows the one that fits, with legend, caption and the numbers as a table. */
export async function figure(
  options: FigureOptions,
  plotted: (plot: Library, size: ChartSize) => Plot.PlotOptions,
): Promise<Html> {
  const { id, title, caption, legend = [], table, height, half } = options;
  const sizes: readonly ChartSize[] = [
    { width: half ? HALF : WIDE, height: height?.wide ?? (half ? 320 : 360), narrow: false },
    { width: NARROW, height: height?.narrow ?? 280, narrow: true },
  ];
  const [wide, narrow] = await Promise.all(sizes.map((size) => chart(options, size, plotted)));
  const entries = legend.map(
    ({ name, color, mark = 'dot' }) => html`<li><span class="key ${mark}" style="color: ${color}"></span>${name}</li>`,
  );
  return html`<figure id="${id}" class="${half ? 'half' : 'whole'}">
<h3>${title}</h3>
${entries.length > 0 ? html`<ul class="legend">${entries}</ul>` : null}
<div class="wide">${wide}</div><div class="narrow">${narrow}</div>
${caption ? html`<figcaption>${caption}</figcaption>` : null}
<details><summary>Numbers<span class="hidden"> of “${title}”</span></summary>${htmlTable(table, title)}</details>
</figure>
`;
}

async function chart(
  { id, title, description }: FigureOptions,
  size: ChartSize,
  plotted: (plot: Library, size: ChartSize) => Plot.PlotOptions,
): Promise<Html> {
  const svg = await draw((plot) => ({
    width: size.width,
    height: size.height,
    marginTop: 30,
    marginLeft: 48,
    marginRight: 16,
    marginBottom: 42,
    style: {
      fontSize: '13px',
      fontFamily: 'inherit',
      background: 'transparent',
      color: 'inherit',
      overflow: 'visible',
    },
    ...plotted(plot, size),
  }));
  const [titleId, textId] = [`${id}-${size.narrow ? 'n' : 'w'}-title`, `${id}-${size.narrow ? 'n' : 'w'}-desc`];
  const opened = svg.replace(
    /^<svg ([^>]*)>/,
    (_, attributes: string) =>
      `<svg ${attributes} aria-labelledby="${titleId}" aria-describedby="${textId}">` +
      `<title id="${titleId}">${escaped(title)}</title><desc id="${textId}">${escaped(description)}</desc>`,
  );
  return new Html(shortened(opened));
}

/** Coordinates to a tenth of a pixel: a third of the bytes. Only within tags, so that no text changes. */
const shortened = (svg: string): string =>
  svg.replace(/<[^>]+>/g, (tag) =>
    tag.replace(/-?\d+\.\d{2,}/g, (number) => String(Number(Number(number).toFixed(2)))),
  );
