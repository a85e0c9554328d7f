export { type Agreement, agreement } from './agreement.js';
export {
  type BatchStatistics,
  type BatchStatisticsOptions,
  batchStatistics,
  type DrawStatistics,
  type Varied,
} from './batch-statistics.js';
export {
  type Comparison,
  compareHypergradients,
  comparison,
  type ExactOptions,
  exactHypergradient,
} from './compare.js';
export {
  type ClassPart,
  type Contributions,
  type ContributionsOptions,
  contributions,
  type ExamplePart,
  type ExampleSplit,
  type LayerPart,
  type Part,
} from './contributions.js';
export { type DirectionalCheck, type DirectionalCheckOptions, directionalCheck } from './directional-check.js';
export {
  type BudgetEntry,
  type Compromises,
  type ErrorBudget,
  type ErrorBudgetOptions,
  type ErrorSource,
  errorBudget,
} from './error-budget.js';
export { type GaussNewtonGap, type GaussNewtonGapOptions, gaussNewtonGap } from './gauss-newton-gap.js';
export {
  type HypergradientResiduals,
  type IterateSolver,
  type ResidualHistory,
  type ResidualHistoryOptions,
  residualHistory,
  solverResiduals,
} from './residuals.js';
export { type Extreme, type Spectrum, type SpectrumOptions, spectrum } from './spectrum.js';
