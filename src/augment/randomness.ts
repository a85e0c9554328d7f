import type { Random } from '../data/random.js';
import { allocateArray, ConfigError, type DType, Tensor, type Value } from '../ir/index.js';
import type { ImageShape } from '../nn/index.js';
import type { AugmentationPolicy } from './policy.js';

/**
 * What is random about the augmentation of one batch. Part of the batch, so that whoever takes a Hessian product or a mixed product sees the
 * same images again.
 */
export type AugmentationRandomness = {
  /** Logistic noise that decides whether an operation is done, [N, operations]. */
  readonly gates: Value;
  /** What magnitudes are multiplied by, [N, operations]. */
  readonly amounts: Value;
  /** What the operations draw, one after another, [N, draws]. */
  readonly uniforms: Value;
  /** The tables of those that have one. */
  readonly tables: { readonly [operation: string]: Value };
};

/** The least that a uniform number counts as: one of exactly 0 would be a noise of −∞. */
const LEAST = 2 ** -53;

/**
 * Randomness for any number of batches. That of `step` depends on the stream of `random` and on the step alone, not on what was drawn before, so a
 * resumed run goes on as an undisturbed one. Tables are drawn once, now.
 */
export class AugmentationNoise {
  readonly #policy: AugmentationPolicy;
  readonly #random: Random;
  readonly #dtype: DType;
  readonly #tables: { readonly [operation: string]: Value };

  constructor(policy: AugmentationPolicy, imageShape: ImageShape, random: Random, dtype: DType = 'f32') {
    this.#policy = policy;
    this.#random = random;
    this.#dtype = dtype;
    this.#tables = Object.fromEntries(
      policy.operations.flatMap(({ name, table }) => {
        if (!table) return [];
        const { shape, values } = table(random.fork('tables').fork(name), imageShape);
        return [[name, tensorOf(shape, dtype, (i) => values[i]!)]];
      }),
    );
  }

  /**
   * For `count` images at `step`.
   * @throws {ConfigError} unless both are whole numbers from 0.
   */
  at(step: number, count: number): AugmentationRandomness {
    if (![step, count].every((value) => Number.isSafeInteger(value) && value >= 0)) {
      throw new ConfigError(`augmentation: step and count must be whole numbers from 0, got ${step} and ${count}`);
    }
    const { operations, spread } = this.#policy;
    const random = this.#random.fork(`step ${step}`);
    const draws = operations.reduce((total, operation) => total + operation.draws, 0);
    const drawn = (columns: number, number: () => number): Value =>
      tensorOf([count, columns], this.#dtype, () => number());
    return {
      gates: drawn(operations.length, () => logistic(random.uniform())),
      amounts: drawn(operations.length, () => 1 - spread * random.uniform()),
      uniforms: drawn(draws, () => random.uniform()),
      tables: this.#tables,
    };
  }
}

const logistic = (uniform: number): number => {
  const u = Math.max(uniform, LEAST);
  return Math.log(u) - Math.log1p(-u);
};

function tensorOf(shape: readonly number[], dtype: DType, number: (i: number) => number): Value {
  const array = allocateArray(
    dtype,
    shape.reduce((product, extent) => product * extent, 1),
  );
  for (let i = 0; i < array.length; i++) array[i] = number(i);
  return Tensor.of(array, shape, dtype);
}
