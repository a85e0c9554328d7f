export * from './augmentation/index.js';
export * from './baselines/index.js';
export type { DataSettings } from './data-settings.js';
export { EarlyStop, type EarlyStopOptions } from './early-stop.js';
export { evaluate, predictLogits } from './evaluate.js';
export * from './experiment.js';
export { stratifiedFolds } from './folds.js';
export { AdjustPhase, headPhase, type Trained, type TrainingPhase } from './head-phase.js';
export * from './loss/index.js';
export {
  baselineWith,
  classMethods,
  type MethodName,
  methodNames,
  type Stage,
  stagesOf,
  stagesOfAll,
} from './methods.js';
export * from './objectives/index.js';
export * from './phase.js';
export { type Preset, type PresetSettings, presets } from './presets/index.js';
export { referenceSearch } from './reference.js';
export { SearchPhase, type SearchPhaseOptions, type SearchSplit } from './search.js';
export type { SearchParameters } from './search-parameters.js';
export type { SearchSettings } from './search-settings.js';
export { SgdPhase, type SgdPhaseOptions, type TrainingSettings } from './sgd-phase.js';
export { methodOf, type SolverSettings } from './solver-settings.js';
export {
  initTraining,
  type SgdSettings,
  type TrainPrograms,
  type TrainState,
  type TrainStep,
  trainPrograms,
} from './training.js';
export { trainingSamples } from './training-samples.js';
export {
  automaticPolicyRate,
  automaticRate,
  clippedAdam,
  momentumSgd,
  type UpperOptimiser,
  withPolicies,
} from './upper-optimiser.js';
