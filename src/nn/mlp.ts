import { ConfigError, type DType, formatAval, formatShape, type Shape, ShapeError, type Value } from '../ir/index.js';
import { concatenate, relu, reshape, slice, takeRows } from '../ops/index.js';
import { zeros } from '../tensor/index.js';
import { applyHead, headOf } from './classifier.js';
import { fanInUniform, heNormal, type NormalSource, normal } from './init.js';
import { type DenseParams, dense } from './layers.js';
import type { Model } from './model.js';
import { denseNames, embeddingNames, type PyTorchNames } from './pytorch-names.js';
import { isCount, requireClasses } from './require.js';

/** Rows of a table: numeric columns [N, d], standardised, and categorical ones i32 [N, c], each counting its categories from 0. */
export type TableBatch = { readonly numeric: Value; readonly categorical: Value };

export type MlpParams = {
  /** One table [categories, dimensions] for each categorical column. */
  readonly embeddings: readonly Value[];
  readonly hidden: readonly DenseParams[];
  readonly head: DenseParams;
};
export type MlpState = Record<string, never>;

export interface MlpOptions {
  readonly classes: number;
  /** Numeric columns, d. */
  readonly numeric: number;
  /** How many categories each categorical column has. */
  readonly categories: readonly number[];
  /** Units of each hidden layer; none makes it a linear classifier. Default 64, 32. */
  readonly hidden?: readonly number[];
  /** Dimensions of every embedding, or of each one. Default ⌈√categories⌉, but at most 16. */
  readonly embedding?: number | readonly number[];
}

const MOST_DIMENSIONS = 16;

/**
 * Dense layers with ReLU between them on the numeric columns beside an embedding of each categorical one. A category outside 0 … categories−1,
 * such as −1 for a value that is missing or was never seen in training, is embedded as zeros and trains nothing.
 * In PyTorch its arrays are called `embeddings.0.weight`, `hidden.0.weight`, `hidden.0.bias`, `head.weight`.
 * @throws {ConfigError} if there are no columns, or on counts that are not whole numbers from 1.
 */
export function mlp(options: MlpOptions): Model<MlpParams, MlpState, TableBatch> {
  const { classes, numeric, categories, hidden = [64, 32] } = options;
  requireClasses('mlp', classes);
  const dimensions = dimensionsOf(options);
  requireColumns(options, dimensions);
  const features = dimensions.reduce((total, d) => total + d, numeric);
  const sizes = [features, ...hidden];
  const classifier = headOf<MlpParams, MlpState, TableBatch>((params, state, x) => {
    const inputs = columnsOf(x, numeric, params.embeddings);
    return { features: params.hidden.reduce((h, layer) => relu(dense(h, layer)), inputs), state };
  });
  return {
    name: `mlp-${[...hidden, classes].join('-')}`,
    classes,
    pyTorchNames: pyTorchNames(categories.length, hidden.length),
    init(random, dtype: DType = 'f32') {
      // As large as a standardised column.
      const embeddings = categories.map((count, i) => normal(random, [count, dimensions[i]!], 1, dtype));
      const layers = hidden.map((units, i) => initDense(random, heNormal, sizes[i]!, units, dtype));
      return {
        params: { embeddings, hidden: layers, head: initDense(random, fanInUniform, sizes.at(-1)!, classes, dtype) },
        state: {},
      };
    },
    apply: applyHead(classifier),
    classifier,
  };
}

const initDense = (
  random: NormalSource,
  init: (random: NormalSource, shape: Shape, fanIn: number, dtype: DType) => Value,
  inputs: number,
  outputs: number,
  dtype: DType,
): DenseParams => ({ weight: init(random, [inputs, outputs], inputs, dtype), bias: zeros([outputs], dtype) });

function dimensionsOf({ categories, embedding }: MlpOptions): readonly number[] {
  if (typeof embedding === 'number') return categories.map(() => embedding);
  return embedding ?? categories.map((count) => Math.min(MOST_DIMENSIONS, Math.ceil(Math.sqrt(count))));
}

function requireColumns({ numeric, categories, hidden = [] }: MlpOptions, dimensions: readonly number[]): void {
  if (!(numeric === 0 || isCount(numeric)) || ![...categories, ...hidden, ...dimensions].every(isCount)) {
    throw new ConfigError(
      `mlp: numeric takes a whole number from 0; categories, hidden and embedding take whole numbers from 1; got ${numeric}, ` +
        `[${categories}], [${hidden}], [${dimensions}]`,
    );
  }
  if (numeric + categories.length === 0) throw new ConfigError('mlp: needs at least one column, got none');
  if (dimensions.length !== categories.length) {
    throw new ConfigError(
      `mlp: embedding takes one number, or one for each of the ${categories.length} categorical columns, got [${dimensions}]`,
    );
  }
}

/** The numeric columns and the embeddings side by side: [N, features]. */
function columnsOf({ numeric, categorical }: TableBatch, width: number, embeddings: readonly Value[]): Value {
  requireTable('numeric', numeric, width);
  requireTable('categorical', categorical, embeddings.length);
  const rows = numeric.shape[0]!;
  if (categorical.shape[0] !== rows) {
    throw new ShapeError(
      `mlp: numeric and categorical must have equally many rows, got ${formatAval(numeric.aval)} and ${formatAval(categorical.aval)}`,
    );
  }
  const embedded = embeddings.map((table, i) =>
    takeRows(table, reshape(slice(categorical, [0, i], [rows, i + 1]), [rows])),
  );
  return concatenate(width === 0 ? embedded : [numeric, ...embedded], 1);
}

function requireTable(what: string, { shape }: Value, columns: number): void {
  if (shape.length === 2 && shape[1] === columns) return;
  throw new ShapeError(`mlp: ${what} must be [N, ${columns}], got ${formatShape(shape)}`);
}

const pyTorchNames = (columns: number, layers: number): PyTorchNames =>
  Object.assign(
    {},
    ...Array.from({ length: columns }, (_, i) => embeddingNames(`embeddings.${i}`, `embeddings.${i}`)),
    ...Array.from({ length: layers }, (_, i) => denseNames(`hidden.${i}`, `hidden.${i}`)),
    denseNames('head', 'head'),
  );
