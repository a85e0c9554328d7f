export {
  type BottleneckParams,
  type BottleneckResNetOptions,
  type BottleneckResNetParams,
  type BottleneckResNetState,
  type BottleneckState,
  bottleneckResNet,
} from './bottleneck-resnet.js';
export { classifierOf, cosineClassifier, type RetrainedHead, retrainedHead } from './classifier.js';
export type { ConvNormParams } from './conv-norm.js';
export { fanInUniform, heNormal, type NormalSource } from './init.js';
export * from './layers.js';
export { type MlpOptions, type MlpParams, type MlpState, mlp, type TableBatch } from './mlp.js';
export { type Classifier, type Model, parameterCount } from './model.js';
export { exportPyTorch, type ImportOptions, importPyTorch } from './pytorch.js';
export type { PyTorchLayout, PyTorchLeaf, PyTorchNames } from './pytorch-names.js';
export {
  type InputKind,
  type ModelInput,
  type ModelName,
  type ModelOptions,
  modelKind,
  modelNames,
  type NamedModel,
  namedModel,
} from './registry.js';
export type { ImageShape } from './require.js';
export {
  type ResNetBlockParams,
  type ResNetBlockState,
  type ResNetOptions,
  type ResNetParams,
  type ResNetState,
  resNet,
} from './resnet.js';
export { type SmallCnnOptions, type SmallCnnParams, type SmallCnnState, smallCnn } from './small-cnn.js';
export { type NamedArray, namedArrays, treeFromArrays } from './weights.js';
