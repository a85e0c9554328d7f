import { ConfigError } from '../ir/index.js';

/**
 * Things that are made from a batch and may be kept or made again: linearizations, above all. What fits into `budget` bytes is kept, first
 * come first served; the rest is made anew whenever it is asked for. So one number of bytes trades memory for arithmetic.
 */
export class Budgeted<T extends { readonly residualBytes: number }> {
  readonly count: number;
  /** How often something was made. */
  made = 0;
  /** Bytes of what is kept now. */
  residualBytes = 0;
  readonly #make: (index: number) => T;
  readonly #budget: number;
  readonly #kept = new Map<number, T>();

  /** @throws {ConfigError} unless the budget is a number of bytes from 0 (∞ keeps everything). */
  constructor(count: number, make: (index: number) => T, budget = Number.POSITIVE_INFINITY) {
    if (!(budget >= 0)) throw new ConfigError(`memory budget: must be a number of bytes from 0, got ${budget}`);
    this.count = count;
    this.#make = make;
    this.#budget = budget;
  }

  get(index: number): T {
    const kept = this.#kept.get(index);
    if (kept) return kept;
    const made = this.#make(index);
    this.made += 1;
    if (this.residualBytes + made.residualBytes <= this.#budget) {
      this.#kept.set(index, made);
      this.residualBytes += made.residualBytes;
    }
    return made;
  }
}
