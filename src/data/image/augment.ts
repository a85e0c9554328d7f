import { ConfigError } from '../../ir/errors.js';
import { Random } from '../random.js';
import type { Picture } from './decode.js';
import type { Box } from './resize.js';

/** What is done to training images at random, each time anew. */
export interface Augmentation {
  /** Black pixels put around an image before its own size is cut out of it at random; 0 for none. CIFAR's recipe has 4. */
  readonly cropPadding: number;
  /** Mirror every second image, left to right. */
  readonly flip: boolean;
  /** Of image files: cut out a part of random area and shape instead of the middle, and scale it. ImageNet's recipe has it. */
  readonly resizedCrop?: {
    /** Least and largest area, as shares of the image's. Usual: 0.08 and 1. */
    readonly scale: readonly [number, number];
    /** Least and largest width over height. Usual: 3/4 and 4/3. */
    readonly ratio: readonly [number, number];
  };
}

/** @throws {ConfigError} when a number is out of range */
export function checkAugmentation({ cropPadding, resizedCrop }: Augmentation): void {
  if (!Number.isSafeInteger(cropPadding) || cropPadding < 0) {
    throw new ConfigError(`augmentation: cropPadding must be an integer of at least 0, got ${String(cropPadding)}.`);
  }
  for (const [name, range, most] of [
    ['scale', resizedCrop?.scale, 1],
    ['ratio', resizedCrop?.ratio, Number.POSITIVE_INFINITY],
  ] as const) {
    if (!range) continue;
    const [low, high] = range;
    if (low > 0 && low <= high && high <= most && Number.isFinite(high)) continue;
    throw new ConfigError(
      `augmentation: ${name} must be two rising positive numbers${most === 1 ? ' of at most 1' : ''}, got ${low} and ${high}.`,
    );
  }
}

/**
 * The random numbers of one look at one sample: a function of seed, stream, sample and visit alone, so that neither the order in which images
 * are prepared nor an interruption changes what is seen.
 */
export const drawsOf = (seed: number, stream: string, sample: number, visit: number): Random =>
  new Random(seed, `${stream}/augment/${sample}/${visit}`);

/**
 * Cuts an image of the same size out of one padded with black, and maybe mirrors it.
 * @param from u8; the image starts at `start`
 * @param shape [height, width, channels]
 * @param out receives as many bytes from 0 on
 */
export function cropAndFlip(
  from: Uint8Array,
  start: number,
  [height, width, channels]: readonly [number, number, number],
  { cropPadding, flip }: Augmentation,
  random: Random,
  out: Uint8Array,
): void {
  const offset = (): number => (cropPadding === 0 ? 0 : random.integer(2 * cropPadding + 1) - cropPadding);
  const [dy, dx] = [offset(), offset()];
  const mirrored = flip && random.integer(2) === 1;
  let at = 0;
  for (let y = 0; y < height; y++) {
    const row = y + dy;
    for (let x = 0; x < width; x++) {
      const column = (mirrored ? width - 1 - x : x) + dx;
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      const pixel = start + (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) out[at++] = inside ? from[pixel + channel]! : 0;
    }
  }
}

const TRIES = 10;

/**
 * The part of a picture that random resized cropping looks at (Szegedy et al. 2015): area and shape uniform in the area's share and in the
 * logarithm of the shape, anywhere; after ten tries that do not fit, the largest part of the nearest shape in the middle.
 */
export function randomBox(
  { width, height }: Pick<Picture, 'width' | 'height'>,
  { scale, ratio }: NonNullable<Augmentation['resizedCrop']>,
  random: Random,
): Box {
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = width * height * between(...scale);
    const shape = Math.exp(between(Math.log(ratio[0]), Math.log(ratio[1])));
    const box = { width: Math.round(Math.sqrt(area * shape)), height: Math.round(Math.sqrt(area / shape)) };
    if (box.width < 1 || box.height < 1 || box.width > width || box.height > height) continue;
    return { ...box, x: random.integer(width - box.width + 1), y: random.integer(height - box.height + 1) };
  }
  const shape = Math.min(Math.max(width / height, ratio[0]), ratio[1]);
  const box = {
    width: Math.max(1, Math.min(width, Math.round(height * shape))),
    height: Math.max(1, Math.min(height, Math.round(width / shape))),
  };
  return { ...box, x: Math.floor((width - box.width) / 2), y: Math.floor((height - box.height) / 2) };
}
