import { ClassSampler } from './class-sampler.js';
import { PowerSampler } from './power-sampler.js';
import type { Random } from './random.js';
import { BatchSampler, type Sampler } from './sampler.js';

/** What a sampler is made of. */
export interface SamplingOptions {
  /** Class of every sample of the data set; or its group, or class and group. */
  readonly cells: Int32Array;
  /** The samples to draw from. */
  readonly indices: Int32Array;
  readonly batchSize: number;
  /** Fixes the order. */
  readonly random: Random;
}

/**
 * The ways to draw training samples; batches are whole.
 * - `instance`: every sample once an epoch;
 * - `square-root`: classes in proportion to the root of their size;
 * - `class-aware`: every class equally often;
 * - `balanced`: every class equally often in every batch; in batches too small to hold them all, as `class-aware`.
 */
export const samplings = {
  instance: ({ indices, batchSize, random }: SamplingOptions): Sampler =>
    new BatchSampler(indices, Math.min(batchSize, indices.length), random, { dropLast: true }),
  'square-root': (options: SamplingOptions): Sampler => power(options, 0.5),
  'class-aware': (options: SamplingOptions): Sampler => power(options, 0),
  balanced(options: SamplingOptions): Sampler {
    const { cells, indices, batchSize, random } = options;
    const held = new Set(Array.from(indices, (index) => cells[index]!));
    return held.size > batchSize ? power(options, 0) : new ClassSampler(cells, indices, batchSize, random);
  },
} as const;

export type Sampling = keyof typeof samplings;

const power = ({ cells, indices, batchSize, random }: SamplingOptions, exponent: number): PowerSampler =>
  new PowerSampler(cells, indices, Math.min(batchSize, indices.length), random, exponent);
