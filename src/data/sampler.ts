import { ConfigError } from '../ir/errors.js';
import { Random } from './random.js';

export interface BatchSamplerOptions {
  /** Leave out the last batch of an epoch when it is smaller than the others. Default false. */
  dropLast?: boolean;
}

/** Samples to look at. */
export interface Draw {
  /** Shape [b]. */
  readonly indices: Int32Array<ArrayBuffer>;
  /** How often the sampler gave each before; what augmentation does to it depends on that. Shape [b]. */
  readonly visits: Int32Array<ArrayBuffer>;
}

/** Gives batches without end, and can go on from where it was. `S` is its state as plain JSON. */
export interface Sampler<S = unknown> {
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  draw(): Draw;
  state(): S;
  /** @throws {ConfigError} when the state is of other samples, or damaged */
  restore(state: S): void;
}

/** Where a sampler stands, as plain JSON. The indices themselves are not stored, only their number and a checksum. */
export interface BatchSamplerState {
  seed: number;
  stream: string;
  /** Epoch in progress, from 0. */
  epoch: number;
  /** Batches of it already given. */
  batch: number;
  batchSize: number;
  dropLast: boolean;
  samples: number;
  checksum: number;
}

/** 32-bit FNV-1a over the numbers, one step per number. */
export function checksum(indices: Int32Array): number {
  let hash = 0x811c9dc5;
  for (const index of indices) hash = Math.imul(hash ^ index, 0x01000193);
  return hash >>> 0;
}

/** @throws {ConfigError} unless a saved state is of these samples */
export function requireSamples(
  sampler: string,
  state: { readonly samples: number; readonly checksum: number },
  samples: number,
  sum: number,
): void {
  if (samples === state.samples && sum === state.checksum) return;
  throw new ConfigError(
    `${sampler}: a saved state fits only the samples it was saved with: it had ${state.samples} (checksum ${state.checksum}), got ${samples} ` +
      `(checksum ${sum}); resume with the same data, split and seed.`,
  );
}

/** @throws {ConfigError} unless a saved state is at a place that there is */
export function requirePosition(
  sampler: string,
  { epoch, batch }: { readonly epoch: number; readonly batch: number },
  batchesPerEpoch: number,
): void {
  if (!Number.isSafeInteger(epoch) || epoch < 0 || !(Number.isInteger(batch) && batch >= 0)) {
    throw new ConfigError(`${sampler}: epoch and batch must be non-negative integers, got ${epoch} and ${batch}.`);
  }
  if (batch > batchesPerEpoch) {
    throw new ConfigError(
      `${sampler}: the state is at batch ${batch} of an epoch of ${batchesPerEpoch}; the saved file is damaged.`,
    );
  }
}

/**
 * Gives batches of sample indices without end, in a new random order every epoch.
 *
 * The order of epoch e comes from `random.fork('epoch e')`: it depends on the seed, the stream's name and e alone, so a sampler
 * resumed from its {@link state} continues bit for bit. Two samplers need differently named streams to differ.
 */
export class BatchSampler implements Sampler<BatchSamplerState> {
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  readonly #indices: Int32Array;
  readonly #random: Random;
  readonly #dropLast: boolean;
  readonly #checksum: number;
  #epoch = 0;
  #batch = 0;
  #order: Int32Array | undefined;

  /**
   * @param indices the samples to draw from; copied
   * @param batchSize samples per batch; the last batch of an epoch may be smaller
   * @throws ConfigError when there are no indices, or no full batch while `dropLast` is set, or the batch size is not a positive integer
   */
  constructor(indices: Int32Array, batchSize: number, random: Random, { dropLast = false }: BatchSamplerOptions = {}) {
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new ConfigError(`BatchSampler: the batch size must be a positive integer, got ${String(batchSize)}.`);
    }
    const batches = indices.length / batchSize;
    this.batchesPerEpoch = dropLast ? Math.floor(batches) : Math.ceil(batches);
    if (this.batchesPerEpoch === 0) {
      throw new ConfigError(
        `BatchSampler: an epoch needs at least one batch, got ${indices.length} samples for batches of ${batchSize}` +
          `${dropLast ? ' with dropLast' : ''}; give more samples${dropLast ? ', a smaller batch size or dropLast: false' : ''}.`,
      );
    }
    this.batchSize = batchSize;
    this.#indices = indices.slice();
    this.#random = random;
    this.#dropLast = dropLast;
    this.#checksum = checksum(this.#indices);
  }

  /**
   * A sampler that continues where {@link state} was taken.
   * @param indices the same indices, in the same order, as the saved sampler had
   * @throws ConfigError when the indices differ from those, or the state is out of range
   */
  static fromState(indices: Int32Array, state: BatchSamplerState): BatchSampler {
    requireSamples('BatchSampler', state, indices.length, checksum(indices));
    const random = new Random(state.seed, state.stream);
    const sampler = new BatchSampler(indices, state.batchSize, random, { dropLast: state.dropLast });
    sampler.restore(state);
    return sampler;
  }

  restore(state: BatchSamplerState): void {
    requireSamples('BatchSampler', state, this.#indices.length, this.#checksum);
    requirePosition('BatchSampler', state, this.batchesPerEpoch);
    this.#epoch = state.epoch;
    this.#batch = state.batch;
    this.#order = undefined;
  }

  /** A JSON-serialisable snapshot; see {@link fromState}. */
  state(): BatchSamplerState {
    return {
      seed: this.#random.seed,
      stream: this.#random.stream,
      epoch: this.#epoch,
      batch: this.#batch,
      batchSize: this.batchSize,
      dropLast: this.#dropLast,
      samples: this.#indices.length,
      checksum: this.#checksum,
    };
  }

  /** The next batch, fresh arrays of [≤ batchSize]; a new epoch begins when one is used up. A sample's visits are the epoch. */
  draw(): Draw {
    if (this.#batch === this.batchesPerEpoch) {
      this.#epoch += 1;
      this.#batch = 0;
      this.#order = undefined;
    }
    this.#order ??= this.#random.fork(`epoch ${this.#epoch}`).shuffle(this.#indices.slice());
    const start = this.#batch * this.batchSize;
    this.#batch += 1;
    const indices = this.#order.slice(start, start + this.batchSize);
    return { indices, visits: new Int32Array(indices.length).fill(this.#epoch) };
  }

  /** The indices of the next {@link draw}. */
  next(): Int32Array<ArrayBuffer> {
    return this.draw().indices;
  }

  /** The batches that remain of the epoch in progress, or of the next one if that is used up. Shares its position with {@link next}. */
  *epoch(): IterableIterator<Int32Array<ArrayBuffer>> {
    do {
      yield this.next();
    } while (this.#batch < this.batchesPerEpoch);
  }
}
