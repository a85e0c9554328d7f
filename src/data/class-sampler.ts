import { ConfigError } from '../ir/errors.js';
import type { Random } from './random.js';
import { checksum, type Draw, requireSamples, type Sampler } from './sampler.js';

/** Where a {@link ClassSampler} stands, as plain JSON. */
export interface ClassSamplerState {
  readonly batches: number;
  readonly samples: number;
  readonly checksum: number;
}

/** Positions of each class that has any, classes in order. */
export function positionsOfClasses(labels: Int32Array, indices: Int32Array): Int32Array[] {
  const byClass = new Map<number, number[]>();
  for (const index of indices) {
    const label = labels[index]!;
    const list = byClass.get(label);
    if (list) list.push(index);
    else byClass.set(label, [index]);
  }
  return [...byClass.entries()].sort(([a], [b]) => a - b).map(([, list]) => Int32Array.from(list));
}

/**
 * Batches with equally many samples of every class, without end. Batch t is a function of the random stream and t alone, so its whole
 * state is a number. Each class is gone through in a new random order once its samples are used up: a class of 12 samples shows all of
 * them in the time a class of 1,200 shows 12.
 */
export class ClassSampler implements Sampler<ClassSamplerState> {
  /** Samples of each batch: the same number of every class that has any. */
  readonly batchSize: number;
  /** Batches that hold as many samples as there are: it is in no other sense an epoch. */
  readonly batchesPerEpoch: number;
  readonly #byClass: readonly Int32Array[];
  readonly #perClass: number;
  readonly #random: Random;
  readonly #samples: { readonly samples: number; readonly checksum: number };
  #batch = 0;

  /**
   * @param indices positions in `labels` to draw from
   * @param batchSize wished for; rounded down to a multiple of the number of classes, but to one sample of each at least
   * @throws {ConfigError} when there are no indices
   */
  constructor(labels: Int32Array, indices: Int32Array, batchSize: number, random: Random) {
    if (indices.length === 0) throw new ConfigError('ClassSampler: needs at least one sample, got no indices.');
    this.#byClass = positionsOfClasses(labels, indices);
    this.#perClass = Math.max(1, Math.floor(batchSize / this.#byClass.length));
    this.batchSize = this.#perClass * this.#byClass.length;
    this.#random = random;
    this.batchesPerEpoch = Math.max(1, Math.floor(indices.length / this.batchSize));
    this.#samples = { samples: indices.length, checksum: checksum(indices) };
  }

  /** Batches given so far; set it to resume. */
  get position(): number {
    return this.#batch;
  }
  set position(batch: number) {
    this.#batch = batch;
  }

  state(): ClassSamplerState {
    return { batches: this.#batch, ...this.#samples };
  }

  restore(state: ClassSamplerState): void {
    requireSamples('ClassSampler', state, this.#samples.samples, this.#samples.checksum);
    if (!Number.isSafeInteger(state.batches) || state.batches < 0) {
      throw new ConfigError(`ClassSampler: the batches given must be a non-negative integer, got ${state.batches}.`);
    }
    this.#batch = state.batches;
  }

  /** The next batch, classes in order, fresh arrays of [batchSize]. A sample's visits are the round its class is in. */
  draw(): Draw {
    const first = this.#batch * this.#perClass;
    this.#batch += 1;
    const indices = new Int32Array(this.batchSize);
    const visits = new Int32Array(this.batchSize);
    this.#byClass.forEach((samples, k) => {
      for (let i = 0; i < this.#perClass; i++) {
        const draw = first + i;
        const round = Math.floor(draw / samples.length);
        indices[k * this.#perClass + i] = this.#order(k, round)[draw % samples.length]!;
        visits[k * this.#perClass + i] = round;
      }
    });
    return { indices, visits };
  }

  /** The indices of the next {@link draw}. */
  next(): Int32Array<ArrayBuffer> {
    return this.draw().indices;
  }

  readonly #orders = new Map<number, { round: number; order: Int32Array }>();

  #order(k: number, round: number): Int32Array {
    const kept = this.#orders.get(k);
    if (kept?.round === round) return kept.order;
    const order = this.#random.fork(`class ${k} round ${round}`).shuffle(this.#byClass[k]!.slice());
    this.#orders.set(k, { round, order });
    return order;
  }
}
