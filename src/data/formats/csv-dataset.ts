import { ConfigError, DataError } from '../../ir/errors.js';
import { quoted, wrongLine } from '../corrupt.js';
import { type DatasetParts, type TableDataset, tableDataset } from '../dataset.js';
import { readFileOrThrow } from '../files.js';
import type { GroupColumn } from '../groups.js';
import { stratifiedSplit } from '../long-tail.js';
import { Random } from '../random.js';
import { numberOf, readCsv } from './csv.js';
import { checkTableSchema, type TableSchema } from './table-schema.js';

/** Texts numbered in the order in which they were met. */
class Vocabulary {
  readonly #codes = new Map<string, number>();

  code(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    this.#codes.set(text, this.#codes.size);
    return this.#codes.size - 1;
  }

  get texts(): string[] {
    return [...this.#codes.keys()];
  }
}

/** The numbers of one file. */
interface Rows {
  readonly file: string;
  readonly numeric: number[];
  readonly categorical: number[];
  /** Texts, and the lines they stand in. */
  readonly labels: string[];
  readonly lines: number[];
  /** Codes of each sensitive column; −1 where missing. */
  readonly sensitive: readonly number[][];
}

/** Reads the files of one table, so that a text has one number in all of them. */
class TableReader {
  readonly #schema: TableSchema;
  /** Of each column; empty for those that need none. */
  readonly #vocabularies: readonly Vocabulary[];
  readonly #missing: ReadonlySet<string>;
  readonly #sensitive: readonly number[];

  constructor(schema: TableSchema) {
    this.#schema = schema;
    this.#vocabularies = schema.columns.map(() => new Vocabulary());
    this.#missing = new Set(['', ...(schema.missing ?? [])]);
    this.#sensitive = this.#positions(({ sensitive = false }) => sensitive);
  }

  #positions(test: (column: TableSchema['columns'][number]) => boolean): number[] {
    return this.#schema.columns.flatMap((column, at) => (test(column) ? [at] : []));
  }

  async read(path: string): Promise<Rows> {
    const rows: Rows = {
      file: path,
      numeric: [],
      categorical: [],
      labels: [],
      lines: [],
      sensitive: this.#sensitive.map(() => []),
    };
    readCsv(await readFileOrThrow(path), path, this.#schema, (fields, line) => this.#take(rows, fields, line));
    if (rows.labels.length === 0) throw new DataError(`${path}: has no rows; check that this is the right file.`);
    return rows;
  }

  #take(rows: Rows, fields: readonly string[], line: number): void {
    const code = (at: number): number =>
      this.#missing.has(fields[at]!) ? -1 : this.#vocabularies[at]!.code(fields[at]!);
    this.#schema.columns.forEach(({ name, type }, at) => {
      const text = fields[at]!;
      if (type === 'numeric') {
        rows.numeric.push(this.#missing.has(text) ? Number.NaN : numberOf(text, name, rows.file, line));
      } else if (type === 'categorical') {
        rows.categorical.push(code(at));
      } else if (type === 'label') {
        rows.labels.push(this.#label(text, name, rows.file, line));
      }
    });
    rows.lines.push(line);
    this.#sensitive.forEach((at, k) => {
      rows.sensitive[k]!.push(code(at));
    });
  }

  #label(text: string, name: string, file: string, line: number): string {
    const { labelSuffix } = this.#schema;
    const label = labelSuffix && text.endsWith(labelSuffix) ? text.slice(0, -labelSuffix.length).trimEnd() : text;
    if (!this.#missing.has(label)) return label;
    throw wrongLine(
      file,
      line,
      `column ${quoted(name)} is the label and must not be missing, found ${quoted(text)}`,
      'fill it in or remove the line',
    );
  }

  /** Data sets of what was read. A value missing in a sensitive column of any file makes a group `missing`. */
  datasets(parts: readonly { readonly name: string; readonly rows: Rows }[]): TableDataset[] {
    const { columns } = this.#schema;
    const of = (type: string): number[] => this.#positions((column) => column.type === type);
    const numericNames = of('numeric').map((at) => columns[at]!.name);
    const categoricalColumns = of('categorical').map((at) => ({
      name: columns[at]!.name,
      categories: this.#vocabularies[at]!.texts,
    }));
    const classes = this.#schema.classes ?? [...new Set(parts[0]!.rows.labels)].sort();
    const classOf = new Map(classes.map((name, k) => [name, k]));
    const groupsOf = ({ sensitive }: Rows): GroupColumn[] =>
      this.#sensitive.map((at, k) => {
        const names = this.#vocabularies[at]!.texts;
        const missing = parts.some(({ rows }) => rows.sensitive[k]!.includes(-1)) ? names.push('missing') - 1 : -1;
        const values = Int32Array.from(sensitive[k]!, (value) => (value < 0 ? missing : value));
        return { name: columns[at]!.name, names, values };
      });
    return parts.map(({ name, rows }) =>
      tableDataset({
        name,
        labels: Int32Array.from(rows.labels, (label, i) => {
          const k = classOf.get(label);
          if (k !== undefined) return k;
          throw wrongLine(
            rows.file,
            rows.lines[i]!,
            `the label must be one of ${classes.map(quoted).join(', ')}, found ${quoted(label)}`,
            'correct it, or list the classes in the schema',
          );
        }),
        classes,
        groups: groupsOf(rows),
        numericNames,
        numeric: Float32Array.from(rows.numeric),
        categoricalColumns,
        categorical: Int32Array.from(rows.categorical),
      }),
    );
  }
}

/** Which files hold a table. */
export interface TableFiles {
  readonly train: string;
  readonly validation?: string;
  /** Without one, a share of the training file is held out instead. */
  readonly test?: string;
  /** That share, taken from each class at random by a fixed seed. Default 0.2. */
  readonly testFraction?: number;
}

/** Some rows of a table, in the order given. */
function rowsOf(table: TableDataset, indices: Int32Array, name: string): TableDataset {
  const { numericNames, categoricalColumns } = table;
  const take = <A extends Float32Array | Int32Array>(values: A, width: number): A => {
    const taken = values.slice(0, indices.length * width) as A;
    indices.forEach((row, i) => {
      taken.set(values.subarray(row * width, (row + 1) * width), i * width);
    });
    return taken;
  };
  return tableDataset({
    ...table,
    name,
    classes: table.classNames,
    labels: take(table.labels, 1),
    groups: table.groups.map((column) => ({ ...column, values: take(column.values, 1) })),
    numeric: take(table.numeric, numericNames.length),
    categorical: take(table.categorical, categoricalColumns.length),
  });
}

/**
 * Reads a table from CSV files. Vocabularies hold what any of the files has, training first, so that the numbers of the training file do not
 * depend on the others; what of them a model may know is for {@link encodeTable} to measure. Numbers are rounded to f32.
 *
 * @throws ConfigError when the schema contradicts itself
 * @throws FileError when a file cannot be read
 * @throws DataError naming file and line of what does not fit the schema
 */
export async function loadCsvDataset(
  { train, validation, test, testFraction = 0.2 }: TableFiles,
  schema: TableSchema,
  { name }: { readonly name: string },
): Promise<DatasetParts<TableDataset>> {
  checkTableSchema(schema, name);
  const reader = new TableReader(schema);
  const parts = [{ name: `${name} (training)`, rows: await reader.read(train) }];
  if (validation !== undefined) parts.push({ name: `${name} (validation)`, rows: await reader.read(validation) });
  if (test !== undefined) parts.push({ name: `${name} (test)`, rows: await reader.read(test) });
  const [first, ...others] = reader.datasets(parts) as [TableDataset, ...TableDataset[]];
  const held = validation === undefined ? {} : { validation: others[0]! };
  if (test !== undefined) return { train: first, ...held, test: others.at(-1)! };
  const { labels, classes } = first;
  if (labels.length < 2)
    throw new ConfigError(`${name}: ${train} has one row, which cannot be split; name a test file.`);
  const split = stratifiedSplit(labels, classes, testFraction, new Random(0, 'test rows'));
  if (split.validation.length === 0) {
    throw new ConfigError(`${name}: no class of ${train} has two rows, so none can be held out; name a test file.`);
  }
  return {
    train: rowsOf(first, split.train, `${name} (training)`),
    ...held,
    test: rowsOf(first, split.validation, `${name} (test)`),
  };
}
