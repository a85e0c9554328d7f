export { areaUnderCurve, macroAreaUnderCurve } from './area-under-curve.js';
export { type BootstrapInterval, type BootstrapOptions, bootstrap, type Statistic } from './bootstrap.js';
export { brierScore } from './brier.js';
export {
  CALIBRATION_BINS,
  type Calibration,
  type Confidences,
  calibration,
  confidences,
  type ReliabilityBin,
} from './calibration.js';
export type { Groups } from './check.js';
export { type ClassificationErrors, classificationErrors } from './classification.js';
export { confusionMatrix } from './confusion-matrix.js';
export {
  type Evaluation,
  type EvaluationOptions,
  evaluateLogits,
  type Figures,
  type GroupFigures,
  type ProbabilityScores,
} from './evaluation.js';
export {
  demographicParityDifference,
  deo,
  equalizedOddsDifference,
  equalOpportunityDifference,
} from './fairness.js';
export { cellRate, cellSize, type GroupConfusion, groupConfusion } from './group-confusion.js';
export { type Cell, type GroupErrors, groupErrors } from './group-errors.js';
export { logLoss } from './log-loss.js';
export { type PairedComparison, pairedComparison } from './paired-comparison.js';
export { adjustLogits, fitTemperature, scaleLogits } from './post-hoc.js';
export { argmaxRows, logOdds, logProbabilities } from './probabilities.js';
export { SHOT_THRESHOLDS, type ShotAccuracies, type ShotThresholds, shotAccuracies } from './shots.js';
export { type Interval, LARGEST_HALF_WIDTH, tooFewToJudge, wilsonInterval } from './wilson.js';
