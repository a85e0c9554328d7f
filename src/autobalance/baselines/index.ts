export type {
  AdjustBaseline,
  AnyTrainingLoss,
  Baseline,
  BaselineContext,
  BaselineSettings,
  LossBaseline,
  LossBatch,
  RetrainBaseline,
  TrainingLoss,
} from './baseline.js';
export { effectiveNumberWeights } from './class-balanced.js';
export { focalLoss } from './focal.js';
export { groupDro } from './group-dro.js';
export { smoothedCrossEntropy } from './label-smoothing.js';
export { ldamMargins } from './ldam.js';
export { movingLoss, parametricLoss } from './parametric.js';
export { type BaselineName, type BaselineOverrides, baselineNames, baselines } from './registry.js';
