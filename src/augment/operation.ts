import type { Random } from '../data/random.js';
import type { Value } from '../ir/index.js';
import type { ImageShape } from '../nn/index.js';
import { convert, greaterEqual, mul, sub } from '../ops/index.js';

/** What an operation works with besides the images, one of each per image. */
export interface OperationContext {
  /** How strong, in the operation's unit, [N]. */
  readonly magnitude: Value;
  /** As many uniform numbers in [0, 1) as it `draws`, each [N]. */
  readonly uniforms: readonly Value[];
  /** Its `table`, if it has one. */
  readonly table?: Value;
}

/**
 * Something that can be done to a batch of images, written in the engine's own operations, so that every order of derivative exists. Adding one
 * means writing a value like any in `operations/`.
 */
export interface AugmentOperation {
  readonly name: string;
  /** The least and the most that a magnitude can be. At 0 the images are as they were. */
  readonly range: readonly [least: number, most: number];
  readonly unit: string;
  /** Whether the result has a derivative in the magnitude, so that it can be learned; if not, the magnitude is always the most. */
  readonly differentiable: boolean;
  /** Uniform numbers that it reads for each image: signs, directions, places. */
  readonly draws: number;
  /** Random numbers that are too many to be drawn anew for each batch: drawn once, of which every image takes its own part. */
  readonly table?: (
    random: Random,
    imageShape: ImageShape,
  ) => { readonly shape: readonly number[]; readonly values: Float64Array };
  /**
   * What it adds to the images: op(x) − x, planes [N, C, H, W] → what broadcasts to that. Not op(x) itself, for a policy takes x + s·change, and what an
   * operation merely adds then needs no x in its derivatives.
   */
  change(x: Value, context: OperationContext): Value;
}

/** −1 or 1, equally likely. */
export const signOf = (uniform: Value): Value => sub(mul(convert(greaterEqual(uniform, 0.5), uniform.dtype), 2), 1);
