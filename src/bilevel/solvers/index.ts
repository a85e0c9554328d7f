export { conjugateGradient, type KrylovOptions } from './conjugate-gradient.js';
export { type DenseOptions, denseSolver } from './dense.js';
export { minres } from './minres.js';
export { type NeumannOptions, neumann } from './neumann.js';
export { type NystromOptions, nystrom } from './nystrom.js';
export type { LinearSolver, LinearSystem, SolverResult, SolverStatus } from './solver.js';
