export * from './clusters.js';
export { type FixedLoss, type FixedLossName, type FixedLossSettings, fixedLosses } from './fixed.js';
export {
  effectiveLoss,
  type LossLayout,
  type LossParameters,
  type LossPart,
  type LossSpace,
  type LossSpaceOptions,
  lossSpace,
} from './loss-space.js';
export {
  type ClassLoss,
  type ClassLossNumbers,
  classLoss,
  classLossNumbers,
  parametricCrossEntropy,
} from './parametric-cross-entropy.js';
export { type Parametrisation, rawDelta } from './parametrisation.js';
export { type StartSetting, startingLoss } from './start.js';
export { byClass, columnsOf, flatTable, isByGroup, mapTable, type Table } from './table.js';
