export type { AutomaticOptions } from './automatic.js';
export {
  type BatchOptions,
  batchOperator,
  type Composite,
  gaussNewtonOperator,
  hessianOperator,
  jacobianOperator,
  mixedOperator,
} from './curvature.js';
export {
  type Estimate,
  type Evidence,
  type Hypergradient,
  type HypergradientMethod,
  type HypergradientOptions,
  hypergradient,
} from './hypergradient.js';
export { type LanczosOptions, lanczos, type SpectrumEstimate, signVector } from './lanczos.js';
export * from './methods/index.js';
export {
  averageOperator,
  composeOperators,
  congruence,
  type Definiteness,
  type LinearOperator,
  operator,
  shiftOperator,
  symmetricOperator,
  transposeOperator,
} from './operator.js';
export { type Batches, type Counts, Point, type PointOptions, type SecondOrder } from './point.js';
export * from './probes/index.js';
export type { BilevelProblem } from './problem.js';
export * from './solvers/index.js';
export { type Raveled, ravel } from './vector.js';
