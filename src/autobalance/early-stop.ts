/** When to stop a search whose objective no longer falls. */
export interface EarlyStopOptions {
  /** Updates to average the objective over: one value is noise, for it comes from a few batches of few rare samples. */
  readonly window: number;
  /** Updates without a new best average before it stops. */
  readonly patience: number;
}

/** Watches the averaged objective. Its whole state is the list of objectives, in order. */
export class EarlyStop {
  readonly #options: EarlyStopOptions;
  readonly #values: number[] = [];
  #best = Number.POSITIVE_INFINITY;
  #bestAt = 0;

  constructor(options: EarlyStopOptions) {
    this.#options = options;
  }

  /** Objectives seen; give them to {@link add} one by one to resume. */
  get values(): readonly number[] {
    return this.#values;
  }

  /** Updates up to the end of the best window; all of them while nothing has been averaged. */
  get bestAt(): number {
    return Number.isFinite(this.#best) ? this.#bestAt : this.#values.length;
  }

  get stopped(): boolean {
    return this.#values.length - this.bestAt >= this.#options.patience;
  }

  /** An update's objective. One that is not finite counts as an update, but for no average. */
  add(objective: number): void {
    this.#values.push(objective);
    const recent = this.#values.slice(-this.#options.window);
    if (recent.length < this.#options.window) return;
    const finite = recent.filter(Number.isFinite);
    const average = finite.reduce((total, value) => total + value, 0) / finite.length;
    if (!(average < this.#best)) return;
    this.#best = average;
    this.#bestAt = this.#values.length;
  }
}
