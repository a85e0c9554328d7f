import { CsvError, type InfoRecord, parse } from 'csv-parse/sync';
import { quoted, wrongLine } from '../corrupt.js';
import { decodeText } from '../text.js';
import type { TableColumn, TableSchema } from './table-schema.js';

/** Longest line, in characters: a quote that is never closed would otherwise swallow the file. */
const MAX_LINE = 1 << 20;

/** A row as the file has it: its fields in the order of the schema's columns. */
export type OnRow = (fields: readonly string[], line: number) => void;

/**
 * Reads the rows of a CSV file (RFC 4180, fields trimmed, empty lines skipped).
 * @param bytes UTF-8, with or without a byte order mark
 * @param file name used in error messages
 * @throws DataError naming the line that has another number of fields than columns, or is not CSV; the byte that is not text
 */
export function readCsv(bytes: Uint8Array, file: string, schema: TableSchema, onRow: OnRow): void {
  const { columns, delimiter = ',', comment } = schema;
  const text = decodeText(bytes, file);
  let order: readonly number[] | undefined = schema.header ? undefined : columns.map((_, i) => i);
  const onRecord = (fields: string[], { lines }: InfoRecord): null => {
    const header = order === undefined;
    order ??= orderOf(fields, columns, file, lines);
    if (fields.length !== columns.length) {
      throw wrongLine(
        file,
        lines,
        `the schema has ${columns.length} columns, this line ${fields.length} fields`,
        'correct the line, or the schema or its delimiter',
      );
    }
    if (header) return null;
    const row = order.map((at) => fields[at]!);
    onRow(row, lines);
    return null;
  };
  try {
    parse(text, {
      delimiter,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: MAX_LINE,
      ...(comment !== undefined && { comment, comment_no_infix: true }),
      on_record: onRecord,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = 'lines' in error && typeof error.lines === 'number' ? error.lines : 1;
    throw wrongLine(file, line, `this is not CSV (${error.message})`, 'correct the line, or quote the field', error);
  }
}

/** Where each of the schema's columns stands in the file. */
function orderOf(header: readonly string[], columns: readonly TableColumn[], file: string, line: number): number[] {
  const unknown = header.find((name) => !columns.some((column) => column.name === name));
  if (unknown !== undefined) {
    throw wrongLine(
      file,
      line,
      `the schema has no column ${quoted(unknown)}`,
      'add it there, with the type ignored if it is not wanted, or say that the file has no header',
    );
  }
  return columns.map(({ name }) => {
    const at = header.indexOf(name);
    if (at >= 0) return at;
    throw wrongLine(file, line, `the header has no column ${quoted(name)}`, 'correct the header or the schema');
  });
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** @throws DataError unless the text is a decimal number that f32 can hold */
export function numberOf(text: string, column: string, file: string, line: number): number {
  const value = NUMBER.test(text) ? Math.fround(Number(text)) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw wrongLine(
    file,
    line,
    `column ${quoted(column)} must be a finite number, found ${quoted(text)}`,
    'correct it, or list it under missing in the schema',
  );
}
