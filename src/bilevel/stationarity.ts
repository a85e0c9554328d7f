import type { SolverStatus } from './solvers/solver.js';

/** How many times its scale a gradient may reach before an iteration counts as diverged: momentum overshoots, but by far less. */
const GROWTH = 1000;

/** Follows the norm of a gradient that should vanish, relative to where calls began, and tells what became of the iteration. */
export class Stationarity {
  /** One for each norm since this was made. */
  readonly residuals: number[] = [];
  readonly #tolerance: number;
  #scale: number;

  /** @param scale that of the call which this one goes on from */
  constructor(tolerance: number, scale = 0) {
    this.#tolerance = tolerance;
    this.#scale = scale;
  }

  /**
   * What residuals are relative to: the largest norm at the beginning of a call so far. Not the first one alone, for a run may start at a
   * stationary point and leave it when λ moves.
   */
  get scale(): number {
    return this.#scale;
  }

  get status(): SolverStatus {
    if (this.residuals.some((residual) => !(residual <= GROWTH))) return 'diverged';
    return this.residuals.at(-1)! <= this.#tolerance ? 'converged' : 'truncated';
  }

  /** Takes the next norm; `begins` if it raises the scale. False if there is no use in going on. */
  record(norm: number, begins = this.residuals.length === 0): boolean {
    if (begins || this.#scale === 0) this.#scale = Math.max(this.#scale, norm);
    this.residuals.push(norm === 0 ? 0 : norm / this.#scale);
    return this.residuals.at(-1)! <= GROWTH;
  }
}
