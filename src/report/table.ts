import Table from 'cli-table3';
import { MISSING } from './format.js';
import { type Html, html } from './html.js';

export type Cell = string | number | null;

export interface Column {
  readonly name: string;
  /** Digits after the point of its numbers where people read them; files hold them all. */
  readonly decimals?: number;
  /** Text columns stand on the left; default numbers. */
  readonly text?: boolean;
  /** Left out in a terminal, where width is dear. */
  readonly detail?: boolean;
}

/** A table before it takes a form. */
export interface DataTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

const MINUS = /^-(?=\d)/;

function shown(cell: Cell, { decimals }: Column): string {
  if (cell === null || (typeof cell === 'number' && !Number.isFinite(cell))) return MISSING;
  if (typeof cell === 'string') return cell;
  return (decimals === undefined ? String(cell) : cell.toFixed(decimals)).replace(MINUS, '−');
}

const shownRow = ({ columns }: DataTable, row: readonly Cell[]): string[] =>
  row.map((cell, i) => shown(cell, columns[i]!));

/** For a terminal; plain text, the same in a terminal, a file and a test. Long heads are broken at their first space. */
export function textTable({ columns, rows }: DataTable): string {
  const kept = columns.flatMap(({ detail }, i) => (detail ? [] : [i]));
  const data = { columns: kept.map((i) => columns[i]!), rows: rows.map((row) => kept.map((i) => row[i]!)) };
  const table = new Table({
    head: data.columns.map(({ name }) => name.replace(' ', '\n')),
    colAligns: data.columns.map(({ text }) => (text ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  table.push(...data.rows.map((row) => shownRow(data, row)));
  return table.toString();
}

/** GitHub's Markdown. */
export function markdownTable(data: DataTable): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [
    line(data.columns.map(({ name }) => name)),
    `| ${data.columns.map(({ text }) => (text ? '---' : '---:')).join(' | ')} |`,
    ...data.rows.map((row) => line(shownRow(data, row))),
    '',
  ].join('\n');
}

/** RFC 4180, numbers in full; what does not exist is empty. */
export function csvTable({ columns, rows }: DataTable): string {
  const field = (cell: Cell): string => {
    const text = cell === null || (typeof cell === 'number' && !Number.isFinite(cell)) ? '' : String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const line = (cells: readonly Cell[]): string => `${cells.map(field).join(',')}\r\n`;
  return [columns.map(({ name }) => name), ...rows].map(line).join('');
}

/** For a page; the first column names the row. */
export function htmlTable(data: DataTable, caption: string): Html {
  const kind = (i: number): string => (data.columns[i]!.text ? 'text' : 'number');
  const body = data.rows.map((row) => {
    const cells = shownRow(data, row).map((cell, i) =>
      i === 0 ? html`<th scope="row" class="${kind(i)}">${cell}</th>` : html`<td class="${kind(i)}">${cell}</td>`,
    );
    return html`<tr>${cells}</tr>\n`;
  });
  const head = data.columns.map(({ name }, i) => html`<th scope="col" class="${kind(i)}">${name}</th>`);
  // Wide tables scroll by themselves, and whatever scrolls must be reachable by keyboard.
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody>
</table></div>`;
}
