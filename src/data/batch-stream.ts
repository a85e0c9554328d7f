import { ConfigError, WorkerError } from '../ir/errors.js';
import type { Value } from '../ir/index.js';
import type { Sampler } from './sampler.js';
import type { Batch, Source } from './source.js';

export interface BatchStreamOptions {
  /**
   * Batches that are prepared before they are asked for, from 0 to 64, while the program computes. Memory is that of `ahead` + 1 batches. Default: one
   * more than there are threads, which keeps all of them busy; none if there are none.
   */
  readonly ahead?: number;
}

interface Pending<X, S> {
  readonly batch: Promise<Batch<X>>;
  /** The sampler's after this batch. */
  readonly state: S;
}

/**
 * The batches of a sampler as tensors, in its order whatever the number of threads that prepare them. {@link state} is that of the batches handed out:
 * what is merely prepared counts for nothing, so a stream restored from it goes on with the very next batch.
 */
export class BatchStream<X = Value, S = unknown> {
  readonly #source: Source<X>;
  readonly #sampler: Sampler<S>;
  readonly #ahead: number;
  readonly #pending: Pending<X, S>[] = [];
  #state: S;
  #closed = false;

  /** @throws {ConfigError} when `ahead` is out of range */
  constructor(
    source: Source<X>,
    sampler: Sampler<S>,
    { ahead = source.threads > 0 ? source.threads + 1 : 0 }: BatchStreamOptions = {},
  ) {
    if (!Number.isInteger(ahead) || ahead < 0 || ahead > 64) {
      throw new ConfigError(`BatchStream: ahead must be an integer from 0 to 64, got ${String(ahead)}.`);
    }
    this.#source = source;
    this.#sampler = sampler;
    this.#ahead = ahead;
    this.#state = sampler.state();
  }

  get batchesPerEpoch(): number {
    return this.#sampler.batchesPerEpoch;
  }

  #prepare(): void {
    const { indices, visits } = this.#sampler.draw();
    const batch = this.#source.batch(indices, visits);
    // Whoever asks for the batch meets the error; until then it must not end the process.
    batch.catch(() => {});
    this.#pending.push({ batch, state: this.#sampler.state() });
  }

  /**
   * The next batch.
   * @throws {FileError|DataError} when one of its images cannot be read; the stream then goes on with the batch after it
   * @throws {WorkerError} when the stream is closed
   */
  async next(): Promise<Batch<X>> {
    if (this.#closed) throw new WorkerError('The stream of batches has been closed; ask for batches before that.');
    while (this.#pending.length <= this.#ahead) this.#prepare();
    const { batch, state } = this.#pending.shift()!;
    this.#state = state;
    return batch;
  }

  /** Where the stream stands, as plain JSON. */
  state(): S {
    return this.#state;
  }

  /** Goes on from a {@link state}. @throws {ConfigError} when it is of other samples, or damaged */
  restore(state: S): void {
    this.#sampler.restore(state);
    this.#pending.length = 0;
    this.#state = this.#sampler.state();
  }

  /** Lets go of what was prepared and ends the threads of the source. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#pending.length = 0;
    await this.#source.close();
  }
}
