import { Tensor, type Value } from '../ir/index.js';
import type { Dataset, ImageDataset, TableDataset } from './dataset.js';
import { fillBatch, fillLabels } from './fill.js';
import { everyone, type GroupColumn, groupNamed } from './groups.js';
import { type Normaliser, standardise } from './normaliser.js';
import { encodeTable, type TableEncoder } from './table-encoder.js';

/** A batch as programs take it: inputs, classes i32 [N], groups i32 [N]. */
export type Batch<X = Value> = { readonly x: X; readonly y: Value; readonly g: Value };

/** Table rows as a model takes them: f32 [N, features] and i32 [N, columns]. */
export type TableInput = { readonly numeric: Value; readonly categorical: Value };

/** A data set with what was measured on its training samples: whoever trains on it need not know what its samples are. */
export interface Source<X = Value> {
  readonly dataset: Dataset;
  /** The column that batches carry as `g`. */
  readonly group: GroupColumn;
  /** The samples at `indices`. @throws {ConfigError} when an index is out of range */
  batch(indices: Int32Array): Promise<Batch<X>>;
}

export interface SourceOptions {
  /** What batches carry as `g`; by default one group of all samples. */
  readonly group?: GroupColumn;
}

function labelsAndGroups(dataset: Dataset, { values }: GroupColumn, indices: Int32Array): { y: Value; g: Value } {
  const y = new Int32Array(indices.length);
  fillLabels(dataset, indices, y);
  const g = indices.map((index) => values[index]!);
  return { y: Tensor.of(y, [y.length], 'i32'), g: Tensor.of(g, [g.length], 'i32') };
}

/** Images as x f32 [N, H, W, C]; by default standardised over all samples. */
export function imageSource(
  dataset: ImageDataset,
  {
    normaliser = standardise(dataset),
    group = everyone(dataset.labels.length),
  }: SourceOptions & { readonly normaliser?: Normaliser } = {},
): Source {
  return {
    dataset,
    group,
    async batch(indices) {
      const x = new Float32Array(indices.length * normaliser.features);
      fillBatch(dataset, indices, normaliser, x);
      return {
        x: Tensor.of(x, [indices.length, ...dataset.imageShape], 'f32'),
        ...labelsAndGroups(dataset, group, indices),
      };
    },
  };
}

/** Table rows as {@link TableInput}; by default encoded by what all rows say. */
export function tableSource(
  dataset: TableDataset,
  {
    encoder = encodeTable(dataset),
    group = everyone(dataset.labels.length),
  }: SourceOptions & { readonly encoder?: TableEncoder } = {},
): Source<TableInput> {
  const [features, columns] = [encoder.features.length, encoder.categorical.length];
  return {
    dataset,
    group,
    async batch(indices) {
      const numeric = new Float32Array(indices.length * features);
      const categorical = new Int32Array(indices.length * columns);
      encoder.fill(dataset, indices, numeric, categorical);
      const x = {
        numeric: Tensor.of(numeric, [indices.length, features], 'f32'),
        categorical: Tensor.of(categorical, [indices.length, columns], 'i32'),
      };
      return { x, ...labelsAndGroups(dataset, group, indices) };
    },
  };
}

/** What a model gets of a data set of this kind. */
export type InputOf<D extends Dataset> = D extends TableDataset ? TableInput : Value;

export interface MeasureOptions {
  /** Training samples to measure on, default all. Whatever is held out must not be among them. */
  readonly indices?: Int32Array;
  /** Name of the group column that batches carry as `g`, or a product such as `sex×race`. By default one group of all samples. */
  readonly group?: string;
}

/**
 * Measures on training samples what the samples are normalised by, and returns what makes a source of any part (training, validation, test) of
 * the same data set.
 * @throws {ConfigError} when there is no such group column, or no samples to measure on
 */
export function measuredSource<D extends Dataset>(
  train: D,
  { indices, group }: MeasureOptions = {},
): (part: D) => Source<InputOf<D>> {
  const columnOf = ({ groups, labels, name }: Dataset): GroupColumn =>
    group === undefined ? everyone(labels.length) : groupNamed(groups, group, name);
  columnOf(train);
  const make = sourceMaker(train, indices);
  return (part) => make(part, columnOf(part)) as Source<InputOf<D>>;
}

function sourceMaker(train: Dataset, indices?: Int32Array): (part: Dataset, group: GroupColumn) => Source<unknown> {
  switch (train.kind) {
    case 'images': {
      const normaliser = standardise(train, indices && { indices });
      return (part, group) => imageSource(part as ImageDataset, { normaliser, group });
    }
    case 'table': {
      const encoder = encodeTable(train, indices);
      return (part, group) => tableSource(part as TableDataset, { encoder, group });
    }
  }
}
