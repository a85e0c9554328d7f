export { ClassSampler } from './class-sampler.js';
export {
  assertFinite,
  type CategoricalColumn,
  type Dataset,
  type DatasetParts,
  type ImageDataset,
  imageDataset,
  type Labelled,
  type TableDataset,
  tableDataset,
} from './dataset.js';
export { fillBatch, fillLabels } from './fill.js';
export { decodeIdx, type IdxArray, readIdx } from './formats/idx.js';
export { loadIdxDataset, locateMnist } from './formats/idx-dataset.js';
export { cellCounts, everyone, type GroupColumn, groupNamed, productOfGroups } from './groups.js';
export { classCounts, type LongTail, longTailCounts, longTailIndices, stratifiedSplit } from './long-tail.js';
export { Normaliser, standardise } from './normaliser.js';
export { Random, type RandomState } from './random.js';
export { RunDirectory } from './run-directory.js';
export { decodeSafetensors, encodeSafetensors, type StoredTensor } from './safetensors.js';
export { BatchSampler, type BatchSamplerState } from './sampler.js';
export {
  type Batch,
  type InputOf,
  imageSource,
  measuredSource,
  type Source,
  type SourceOptions,
  type TableInput,
  tableSource,
} from './source.js';
export { encodeTable, TableEncoder } from './table-encoder.js';
