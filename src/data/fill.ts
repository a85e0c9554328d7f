import { ShapeError } from '../ir/errors.js';
import { checkedIndex, type ImageDataset, type Labelled, pixelsPerImage } from './dataset.js';
import type { Normaliser } from './normaliser.js';

/**
 * Writes the normalised images of a batch.
 * @param indices samples of the batch, shape [b]
 * @param out receives shape [b, height, width, channels]; must have exactly that many elements
 * @throws ShapeError when `out` or the normaliser does not fit
 * @throws ConfigError when an index is out of range
 */
export function fillBatch(dataset: ImageDataset, indices: Int32Array, normaliser: Normaliser, out: Float32Array): void {
  const features = pixelsPerImage(dataset);
  if (normaliser.features !== features) {
    throw new ShapeError(
      `fillBatch: ${dataset.name} has ${features} numbers per image, the normaliser ${normaliser.features}; ` +
        'measure it with standardise on this data.',
    );
  }
  if (out.length !== indices.length * features) {
    throw new ShapeError(
      `fillBatch: ${indices.length} images of ${dataset.imageShape.join('×')} need ${indices.length * features} elements, ` +
        `out has ${out.length}.`,
    );
  }
  for (let i = 0; i < indices.length; i++) {
    normaliser.apply(dataset.images, checkedIndex(dataset, indices[i]) * features, out, i * features);
  }
}

/**
 * Writes the labels of a batch.
 * @param out receives shape [b]
 * @throws ShapeError when `out` has not exactly one element per index
 * @throws ConfigError when an index is out of range
 */
export function fillLabels(dataset: Labelled, indices: Int32Array, out: Int32Array): void {
  if (out.length !== indices.length) {
    throw new ShapeError(`fillLabels: ${indices.length} samples need as many elements, out has ${out.length}.`);
  }
  for (let i = 0; i < indices.length; i++) out[i] = dataset.labels[checkedIndex(dataset, indices[i])];
}
