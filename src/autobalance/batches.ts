import { type Dataset, fillBatch, fillLabels, type Normaliser } from '../data/dataset.js';
import { Tensor, type Value } from '../ir/index.js';

/** A batch as the programs take it. */
export type Batch = { readonly x: Value; readonly y: Value };

/** A data set with the normalisation measured on its training samples. */
export interface ImageSource {
  readonly dataset: Dataset;
  readonly normaliser: Normaliser;
}

/** The samples at `indices` as x f32 [N, H, W, C] and y i32 [N]. */
export function makeBatch({ dataset, normaliser }: ImageSource, indices: Int32Array): Batch {
  const x = new Float32Array(indices.length * normaliser.features);
  const y = new Int32Array(indices.length);
  fillBatch(dataset, indices, normaliser, x);
  fillLabels(dataset, indices, y);
  return { x: Tensor.of(x, [indices.length, ...dataset.imageShape], 'f32'), y: Tensor.of(y, [indices.length], 'i32') };
}
