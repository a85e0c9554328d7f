export { type ConjugateGradientOptions, conjugateGradient } from './conjugate-gradient.js';
export { type Hypergradient, type HypergradientOptions, hypergradient, type ImplicitMethod } from './hypergradient.js';
export { type LanczosOptions, lanczos, type SpectrumEstimate } from './lanczos.js';
export { type NeumannOptions, neumann } from './neumann.js';
export { averageOperator, type LinearOperator, operator, shiftOperator } from './operator.js';
export type { BilevelProblem } from './problem.js';
export type { SolverResult, SolverStatus } from './solver.js';
export { type Raveled, ravel } from './vector.js';
