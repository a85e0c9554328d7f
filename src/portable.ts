export * from './ad/index.js';
export * from './augment/index.js';
export * from './autobalance/index.js';
export * from './backends/portable.js';
export * from './bilevel/index.js';
export * from './data/portable.js';
export {
  AutobalanceError,
  type Aval,
  BackendError,
  ConfigError,
  checkProgram,
  DataError,
  type DType,
  DTypeError,
  FileError,
  mapTrees,
  NumericError,
  type Program,
  printProgram,
  type Shape,
  ShapeError,
  simplify,
  Tensor,
  TraceError,
  type Tree,
  Value,
  WorkerError,
} from './ir/index.js';
export * from './losses/index.js';
export * from './metrics/index.js';
export * from './nn/index.js';
export * from './ops/index.js';
export * from './optim/index.js';
export * from './tensor/index.js';
