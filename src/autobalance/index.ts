export { type Batch, type ImageSource, makeBatch } from './batches.js';
export { evaluate } from './evaluate.js';
export * from './experiment.js';
export * from './loss.js';
export * from './phase.js';
export { type Preset, type PresetSettings, presets } from './presets.js';
export { SearchPhase, type SearchPhaseOptions, type SearchSettings } from './search.js';
export { SgdPhase, type SgdPhaseOptions, type TrainingSettings } from './sgd-phase.js';
export { initTraining, type SgdSettings, type TrainPrograms, type TrainState, trainPrograms } from './training.js';
