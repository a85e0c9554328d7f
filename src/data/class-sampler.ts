import { ConfigError } from '../ir/errors.js';
import type { Random } from './random.js';

/**
 * Batches with equally many samples of every class, without end. Batch t is a function of the random stream and t alone, so its whole
 * state is a number. Each class is gone through in a new random order once its samples are used up: a class of 12 samples shows all of
 * them in the time a class of 1,200 shows 12.
 */
export class ClassSampler {
  /** Samples of each batch: the same number of every class that has any. */
  readonly batchSize: number;
  readonly #byClass: readonly Int32Array[];
  readonly #perClass: number;
  readonly #random: Random;
  #batch = 0;

  /**
   * @param indices positions in `labels` to draw from
   * @param batchSize wished for; rounded down to a multiple of the number of classes, but to one sample of each at least
   * @throws {ConfigError} when there are no indices
   */
  constructor(labels: Int32Array, indices: Int32Array, batchSize: number, random: Random) {
    const byClass = new Map<number, number[]>();
    for (const index of indices) {
      const label = labels[index]!;
      const list = byClass.get(label);
      if (list) list.push(index);
      else byClass.set(label, [index]);
    }
    if (byClass.size === 0) throw new ConfigError('ClassSampler: needs at least one sample, got no indices.');
    this.#byClass = [...byClass.entries()].sort(([a], [b]) => a - b).map(([, list]) => Int32Array.from(list));
    this.#perClass = Math.max(1, Math.floor(batchSize / this.#byClass.length));
    this.batchSize = this.#perClass * this.#byClass.length;
    this.#random = random;
  }

  /** Batches given so far; set it to resume. */
  get position(): number {
    return this.#batch;
  }
  set position(batch: number) {
    this.#batch = batch;
  }

  /** The next batch, classes in order, a fresh array of [batchSize] positions. */
  next(): Int32Array {
    const first = this.#batch * this.#perClass;
    this.#batch += 1;
    const out = new Int32Array(this.batchSize);
    this.#byClass.forEach((samples, k) => {
      for (let i = 0; i < this.#perClass; i++) {
        const draw = first + i;
        const round = Math.floor(draw / samples.length);
        out[k * this.#perClass + i] = this.#order(k, round)[draw % samples.length]!;
      }
    });
    return out;
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
