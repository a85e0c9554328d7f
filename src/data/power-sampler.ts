import { ConfigError } from '../ir/errors.js';
import { positionsOfClasses } from './class-sampler.js';
import type { Random } from './random.js';
import { checksum, type Draw, requirePosition, requireSamples, type Sampler } from './sampler.js';

/** Where a {@link PowerSampler} stands, as plain JSON. */
export interface PowerSamplerState {
  readonly epoch: number;
  readonly batch: number;
  readonly power: number;
  readonly batchSize: number;
  readonly samples: number;
  readonly checksum: number;
}

/**
 * Batches in which class k turns up in proportion to n_k^power (Kang et al. 2020): with 1 as in the data, with 1/2 square-root sampling, with 0
 * class-aware sampling, every class equally often. Classes may be any cells: groups, or classes within groups.
 *
 * An epoch is as many draws as there are samples. Its numbers of each class are a systematic sample: their expectation is exact and none is further
 * than one from it. Within a class samples follow a random order to its end before any comes again. All of it depends on the random stream, the
 * epoch and the batch alone.
 */
export class PowerSampler implements Sampler<PowerSamplerState> {
  readonly batchSize: number;
  /** Whole batches only. */
  readonly batchesPerEpoch: number;
  readonly #cells: readonly Int32Array[];
  /** Share of all cells up to each, the last exactly 1. */
  readonly #cumulative: readonly number[];
  readonly #random: Random;
  readonly #fixed: Omit<PowerSamplerState, 'epoch' | 'batch'>;
  /** Draws of each cell before the epoch. */
  #before: Float64Array;
  #epoch = 0;
  #batch = 0;
  #order: Draw | undefined;

  /**
   * @param cells class of every sample of the data set
   * @param indices the samples to draw from
   * @param power from 0 (every class equally often) to 1 (as in the data)
   * @throws {ConfigError} when a number is out of range, or there is no whole batch in an epoch
   */
  constructor(cells: Int32Array, indices: Int32Array, batchSize: number, random: Random, power: number) {
    if (!(power >= 0 && power <= 1)) {
      throw new ConfigError(
        `PowerSampler: the power must be from 0 to 1, got ${String(power)}; 0.5 is the square root.`,
      );
    }
    if (!Number.isSafeInteger(batchSize) || batchSize < 1 || batchSize > indices.length) {
      throw new ConfigError(
        `PowerSampler: the batch size must be an integer from 1 to the ${indices.length} samples, got ${String(batchSize)}.`,
      );
    }
    this.batchSize = batchSize;
    this.batchesPerEpoch = Math.floor(indices.length / batchSize);
    this.#cells = positionsOfClasses(cells, indices);
    const weights = this.#cells.map(({ length }) => length ** power);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    const cumulative = weights.map((weight) => {
      sum += weight;
      return sum / total;
    });
    cumulative[cumulative.length - 1] = 1;
    this.#cumulative = cumulative;
    this.#random = random;
    this.#fixed = { power, batchSize, samples: indices.length, checksum: checksum(indices) };
    this.#before = new Float64Array(this.#cells.length);
  }

  /** Draws of each cell in an epoch: points (i + u)/N that fall into its share, u uniform. */
  #draws(epoch: number): number[] {
    const { samples } = this.#fixed;
    const offset = this.#random.fork(`epoch ${epoch} shares`).uniform();
    let below = 0;
    return this.#cumulative.map((share) => {
      const upTo = Math.ceil(samples * share - offset);
      const count = upTo - below;
      below = upTo;
      return count;
    });
  }

  #prepare(): Draw {
    const { samples } = this.#fixed;
    const indices = new Int32Array(samples);
    const visits = new Int32Array(samples);
    let at = 0;
    this.#draws(this.#epoch).forEach((count, k) => {
      const cell = this.#cells[k]!;
      let round = -1;
      let order = cell;
      for (let draw = this.#before[k]!, end = draw + count; draw < end; draw++, at++) {
        const now = Math.floor(draw / cell.length);
        if (now !== round) order = this.#random.fork(`class ${k} round ${now}`).shuffle(cell.slice());
        round = now;
        indices[at] = order[draw % cell.length]!;
        visits[at] = round;
      }
    });
    const order = this.#random.fork(`epoch ${this.#epoch} order`).permutation(samples);
    return { indices: order.map((i) => indices[i]!), visits: order.map((i) => visits[i]!) };
  }

  #advance(): void {
    this.#draws(this.#epoch).forEach((count, k) => {
      this.#before[k]! += count;
    });
    this.#epoch += 1;
    this.#order = undefined;
  }

  /** The next batch, fresh arrays of [batchSize]. A sample's visits are the round its class is in. */
  draw(): Draw {
    if (this.#batch === this.batchesPerEpoch) {
      this.#advance();
      this.#batch = 0;
    }
    this.#order ??= this.#prepare();
    const start = this.#batch * this.batchSize;
    this.#batch += 1;
    const end = start + this.batchSize;
    return { indices: this.#order.indices.slice(start, end), visits: this.#order.visits.slice(start, end) };
  }

  state(): PowerSamplerState {
    return { epoch: this.#epoch, batch: this.#batch, ...this.#fixed };
  }

  restore(state: PowerSamplerState): void {
    const { samples, power, batchSize } = this.#fixed;
    requireSamples('PowerSampler', state, samples, this.#fixed.checksum);
    requirePosition('PowerSampler', state, this.batchesPerEpoch);
    if (state.power !== power || state.batchSize !== batchSize) {
      throw new ConfigError(
        `PowerSampler: the state is of power ${state.power} and batches of ${state.batchSize}, not ${power} and ${batchSize}; resume with the ` +
          'same settings.',
      );
    }
    this.#before = new Float64Array(this.#cells.length);
    this.#epoch = 0;
    while (this.#epoch < state.epoch) this.#advance();
    this.#batch = state.batch;
    this.#order = undefined;
  }
}
