export { balanced, type CellOptions, meanCrossEntropy, softError, worstGroup } from './balanced.js';
export { type CellMeans, cellMeans, cellsOf, meanOfPresent } from './cells.js';
export { blend, calibrated, underPrior, withGroupsAsIn } from './combine.js';
export {
  demographicParity,
  differenceOfOpportunity,
  equalisedOdds,
  type FairnessOptions,
  type ParityOptions,
} from './fairness.js';
export { inverseTemperature } from './inverse-temperature.js';
export type { Objective } from './objective.js';
export {
  comparesGroups,
  type ObjectiveContext,
  type ObjectiveName,
  type ObjectiveSetting,
  objectiveNames,
  objectiveOf,
  objectives,
} from './setting.js';
export { smoothMaximum, smoothSpread } from './smooth-maximum.js';
