export { BatchStream, type BatchStreamOptions } from './batch-stream.js';
export { batchesOf } from './batches-of.js';
export { ClassSampler, type ClassSamplerState } from './class-sampler.js';
export {
  assertFinite,
  type CategoricalColumn,
  type Dataset,
  type DatasetParts,
  type ImageDataset,
  type ImageFileDataset,
  imageDataset,
  imageFileDataset,
  type Labelled,
  type TableDataset,
  tableDataset,
} from './dataset.js';
export { fillBatch, fillLabels } from './fill.js';
export type { FormatName } from './formats/names.js';
export { cellCounts, everyone, type GroupColumn, groupNamed, productOfGroups } from './groups.js';
export type { Augmentation } from './image/augment.js';
export { classCounts, type LongTail, longTailCounts, longTailIndices, stratifiedSplit } from './long-tail.js';
export { Normaliser, standardise } from './normaliser.js';
export { PowerSampler, type PowerSamplerState } from './power-sampler.js';
export { Random, type RandomState } from './random.js';
export { BatchSampler, type BatchSamplerState, type Draw, type Sampler } from './sampler.js';
export { type Sampling, type SamplingOptions, samplings } from './sampling.js';
export {
  type Batch,
  type ImageOptions,
  type InputOf,
  imageSource,
  type MeasureOptions,
  measuredSource,
  type Source,
  type SourceOptions,
  type TableInput,
  tableSource,
} from './source.js';
export { encodeTable, TableEncoder } from './table-encoder.js';
