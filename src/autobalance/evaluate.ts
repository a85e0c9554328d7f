import type { Source } from '../data/source.js';
import { type ClassificationErrors, classificationErrors } from '../metrics/index.js';
import type { TrainPrograms, TrainState } from './training.js';

/** Samples per evaluation call: large enough to keep the cores busy, small enough for the cache (2.4 MB of activations per 28×28×16). */
const EVALUATION_BATCH = 250;

/** Errors of a trained model on the samples at `indices`, with the running statistics. */
export async function evaluate<P, S, X>(
  { predict }: Pick<TrainPrograms<P, S, X>, 'predict'>,
  { params, state }: Pick<TrainState<P, S>, 'params' | 'state'>,
  source: Source<X>,
  indices: Int32Array,
): Promise<ClassificationErrors> {
  const predictions = new Int32Array(indices.length);
  for (let start = 0; start < indices.length; start += EVALUATION_BATCH) {
    const { x } = await source.batch(indices.slice(start, start + EVALUATION_BATCH));
    predictions.set((await predict.async(params, state, x)).data(), start);
  }
  const labels = indices.map((index) => source.dataset.labels[index]!);
  return classificationErrors(predictions, labels, source.dataset.classes);
}
