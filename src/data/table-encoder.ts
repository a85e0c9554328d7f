import { ConfigError, ShapeError } from '../ir/errors.js';
import { checkedIndex, type TableDataset } from './dataset.js';

/** What was measured of a numeric column. */
export interface NumericMeasure {
  readonly name: string;
  /** Of the values that are there. */
  readonly mean: number;
  /** Population standard deviation of the values that are there; 1 if they are all the same. */
  readonly std: number;
  /** Whether a value was missing in training; then an indicator column follows the standardised ones. */
  readonly missing: boolean;
}

/** What was learned of a categorical column. */
export interface CategoricalMeasure {
  readonly name: string;
  /**
   * What each slot stands for: the categories met in training in the order of the vocabulary, then `missing` if a value was missing there, and
   * last `other`, for whatever was not met. `other` receives no training sample, so a model's embedding of it stays as it was initialised.
   */
  readonly slots: readonly string[];
  /** Slot of each category of the data set's vocabulary. */
  readonly slotOf: Int32Array;
  readonly missingSlot: number;
}

/**
 * Table rows as numbers a model can take: numeric columns standardised, missing ones at the mean (0) with an indicator, categories as slots of
 * an embedding. It is measured on training rows alone, so that nothing of held-out data leaks in.
 */
export class TableEncoder {
  readonly numeric: readonly NumericMeasure[];
  readonly categorical: readonly CategoricalMeasure[];
  /** Positions of the numeric columns that have an indicator. */
  readonly #indicated: readonly number[];

  constructor(numeric: readonly NumericMeasure[], categorical: readonly CategoricalMeasure[]) {
    this.numeric = numeric;
    this.categorical = categorical;
    this.#indicated = numeric.flatMap(({ missing }, column) => (missing ? [column] : []));
  }

  /** What each of the numeric features is: the columns, then `NAME is missing` for those with an indicator. */
  get features(): readonly string[] {
    return [
      ...this.numeric.map(({ name }) => name),
      ...this.#indicated.map((column) => `${this.numeric[column]!.name} is missing`),
    ];
  }

  /** Slots of each categorical column: the sizes of the embeddings. */
  get vocabularySizes(): readonly number[] {
    return this.categorical.map(({ slots }) => slots.length);
  }

  /**
   * Writes the encoded rows of a batch.
   * @param indices rows of the batch, shape [b]
   * @param numeric receives f32 [b, features]
   * @param categorical receives i32 [b, columns]
   * @throws ShapeError when a target or the data set does not fit
   * @throws ConfigError when an index is out of range
   */
  fill(dataset: TableDataset, indices: Int32Array, numeric: Float32Array, categorical: Int32Array): void {
    const { numericNames, categoricalColumns, name } = dataset;
    const [d, c] = [this.numeric.length, this.categorical.length];
    const width = d + this.#indicated.length;
    if (numericNames.length !== d || categoricalColumns.length !== c) {
      throw new ShapeError(
        `TableEncoder: ${name} has ${numericNames.length} numeric and ${categoricalColumns.length} categorical columns, the encoder ${d} ` +
          `and ${c}; measure it with encodeTable on this data.`,
      );
    }
    if (numeric.length !== indices.length * width || categorical.length !== indices.length * c) {
      throw new ShapeError(
        `TableEncoder: ${indices.length} rows need ${indices.length * width} numbers and ${indices.length * c} slots, the targets have ` +
          `${numeric.length} and ${categorical.length}.`,
      );
    }
    indices.forEach((index, i) => {
      const row = checkedIndex(dataset, index);
      this.#fillNumeric(dataset.numeric, row * d, numeric, i * width);
      this.#fillCategorical(dataset.categorical, row * c, categorical, i * c);
    });
  }

  #fillNumeric(from: Float32Array, start: number, out: Float32Array, at: number): void {
    this.numeric.forEach(({ mean, std }, column) => {
      const value = from[start + column]!;
      out[at + column] = Number.isNaN(value) ? 0 : (value - mean) / std;
    });
    this.#indicated.forEach((column, k) => {
      out[at + this.numeric.length + k] = Number.isNaN(from[start + column]) ? 1 : 0;
    });
  }

  #fillCategorical(from: Int32Array, start: number, out: Int32Array, at: number): void {
    this.categorical.forEach(({ slots, slotOf, missingSlot }, column) => {
      const category = from[start + column]!;
      // A vocabulary may have grown since the encoder was measured.
      out[at + column] = category < 0 ? missingSlot : (slotOf[category] ?? slots.length - 1);
    });
  }
}

/**
 * Measures an encoder on training rows. Sums are in f64 about each column's first value, in the order of the rows.
 * @param indices rows to measure, default all; give the training subset
 * @throws ConfigError when there are no rows or an index is out of range
 */
export function encodeTable(dataset: TableDataset, indices?: Int32Array): TableEncoder {
  const rows = indices ?? Int32Array.from(dataset.labels, (_, row) => row);
  if (rows.length === 0) throw new ConfigError('encodeTable: needs at least one row, got no indices.');
  for (const row of rows) checkedIndex(dataset, row);
  return new TableEncoder(
    dataset.numericNames.map((_, column) => measureNumeric(dataset, rows, column)),
    dataset.categoricalColumns.map((_, column) => measureCategorical(dataset, rows, column)),
  );
}

function measureNumeric({ numeric, numericNames }: TableDataset, rows: Int32Array, column: number): NumericMeasure {
  let [count, first, sum, squares] = [0, 0, 0, 0];
  for (const row of rows) {
    const value = numeric[row * numericNames.length + column]!;
    if (Number.isNaN(value)) continue;
    if (count === 0) first = value;
    count += 1;
    sum += value - first;
    squares += (value - first) ** 2;
  }
  const name = numericNames[column]!;
  if (count === 0) return { name, mean: 0, std: 1, missing: true };
  const shifted = sum / count;
  const variance = Math.max(0, squares / count - shifted * shifted);
  return { name, mean: first + shifted, std: Math.sqrt(variance) || 1, missing: count < rows.length };
}

function measureCategorical(
  { categorical, categoricalColumns }: TableDataset,
  rows: Int32Array,
  column: number,
): CategoricalMeasure {
  const { name, categories } = categoricalColumns[column]!;
  const met = new Uint8Array(categories.length);
  let missing = false;
  for (const row of rows) {
    const category = categorical[row * categoricalColumns.length + column]!;
    if (category < 0) missing = true;
    else met[category] = 1;
  }
  const slots = categories.filter((_, category) => met[category]);
  const missingAt = missing ? slots.push('missing') - 1 : undefined;
  const other = slots.push('other') - 1;
  let next = 0;
  const slotOf = Int32Array.from(met, (seen) => (seen ? next++ : other));
  return { name, slots, slotOf, missingSlot: missingAt ?? other };
}
