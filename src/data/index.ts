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
export { type DatasetDescription, describeDataset, type PartDescription } from './describe.js';
export { fillBatch, fillLabels } from './fill.js';
export { adultSchema, loadAdult } from './formats/adult.js';
export { type CifarLayout, cifar10, cifar100, decodeCifar, loadCifar } from './formats/cifar.js';
export { loadCsvDataset, type TableFiles } from './formats/csv-dataset.js';
export { decodeIdx, type IdxArray, readIdx } from './formats/idx.js';
export { loadIdxDataset, locateMnist } from './formats/idx-dataset.js';
export { type ImageFileOptions, loadImageLists } from './formats/image-list.js';
export { type Format, type FormatName, type FormatOptions, formatNamed, formats } from './formats/index.js';
export { decodeNpy, type NpyArray } from './formats/npy.js';
export { readNpz } from './formats/npz.js';
export { loadNpzDataset } from './formats/npz-dataset.js';
export { checkTableSchema, type TableColumn, type TableSchema } from './formats/table-schema.js';
export { loadWaterbirds } from './formats/waterbirds.js';
export { cellCounts, everyone, type GroupColumn, groupNamed, productOfGroups } from './groups.js';
export type { Augmentation } from './image/augment.js';
export { decodeImage, type Picture } from './image/decode.js';
export { classCounts, type LongTail, longTailCounts, longTailIndices, stratifiedSplit } from './long-tail.js';
export { Normaliser, standardise } from './normaliser.js';
export { PowerSampler, type PowerSamplerState } from './power-sampler.js';
export { Random, type RandomState } from './random.js';
export { RunDirectory } from './run-directory.js';
export { decodeSafetensors, encodeSafetensors, type StoredTensor } from './safetensors.js';
export { fingerprint } from './sample-bytes.js';
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
