export { ClassSampler } from './class-sampler.js';
export {
  assertFinite,
  checkDataset,
  type Dataset,
  fillBatch,
  fillLabels,
  loadIdxDataset,
  locateMnist,
  Normaliser,
  standardise,
} from './dataset.js';
export { decodeIdx, type IdxArray, readIdx } from './idx.js';
export { classCounts, type LongTail, longTailCounts, longTailIndices, stratifiedSplit } from './long-tail.js';
export { Random, type RandomState } from './random.js';
export { RunDirectory } from './run-directory.js';
export { decodeSafetensors, encodeSafetensors, type StoredTensor } from './safetensors.js';
export { BatchSampler, type BatchSamplerState } from './sampler.js';
