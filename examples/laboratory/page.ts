/** A table of texts; the first column is on the left, the others, numbers, on the right. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What one probe has to say. */
export interface Section {
  readonly title: string;
  /** What is measured, and how to read it. */
  readonly text: string;
  readonly table: Table;
  /** SVG. */
  readonly charts?: readonly string[];
  readonly hessianProducts: number;
  readonly seconds: number;
}

const MINUS = /^-(?=\d)/;

/** Three digits. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '—';
  const size = Math.abs(value);
  const text =
    value === 0 || (size >= 1e-3 && size < 1e5) ? String(Number(value.toPrecision(3))) : value.toExponential(1);
  return text.replace(MINUS, '−');
}

/** Enough digits to see a small difference. */
export const precise = (value: number): string => value.toPrecision(8).replace(MINUS, '−');

/** A cosine, whose interesting digits are its distance from 1. */
export const cosine = (value: number): string => (Number.isNaN(value) ? '—' : value.toFixed(4).replace(MINUS, '−'));

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.replace(MINUS, '−');

/** The section as text. */
export function asText({ title, table, hessianProducts, seconds }: Section): string {
  const lines = [table.columns, ...table.rows];
  const widths = table.columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return [`\n${title}   (${costOf(hessianProducts, seconds)})`, ...lines.map((cells) => `  ${line(cells)}`)].join('\n');
}

const costOf = (products: number, seconds: number): string =>
  `${products} Hessian product${products === 1 ? '' : 's'}, ${seconds.toFixed(1)} s`;

const ESCAPES: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character]!);

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 720px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0.3rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 0.3rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0.8rem 0; }
th, td { padding: 0.15rem 0.9rem 0.15rem 0; text-align: right; border-bottom: 1px solid #e4e4e4; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; }
.cost { color: #666; font-size: 0.9rem; margin: 0; } svg { max-width: 100%; height: auto; margin: 0.8rem 0; }
`;

/** A page of its own: nothing is loaded from anywhere. */
export function asHtml(title: string, introduction: string, sections: readonly Section[]): string {
  const row = (tag: 'th' | 'td', cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  const body = sections.map(
    (section) => `<section>
<h2>${escaped(section.title)}</h2>
<p class="cost">${costOf(section.hessianProducts, section.seconds)}</p>
<p>${escaped(section.text)}</p>
<table>${row('th', section.table.columns)}${section.table.rows.map((cells) => row('td', cells)).join('')}</table>
${(section.charts ?? []).join('\n')}
</section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><h1>${escaped(title)}</h1>
<p>${escaped(introduction)}</p>
${body.join('\n')}
</body></html>
`;
}

/** Says how many seconds have passed since it was last asked, or made. */
export function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const [before, now] = [last, performance.now()];
    last = now;
    return (now - before) / 1000;
  };
}
