export { fanInUniform, heNormal, type NormalSource } from './init.js';
export * from './layers.js';
export type { Model } from './model.js';
export {
  type ConvNormParams,
  type ResNetBlockParams,
  type ResNetBlockState,
  type ResNetOptions,
  type ResNetParams,
  type ResNetState,
  resNet,
} from './resnet.js';
export { type SmallCnnOptions, type SmallCnnParams, type SmallCnnState, smallCnn } from './small-cnn.js';
export { type NamedArray, namedArrays, treeFromArrays } from './weights.js';
